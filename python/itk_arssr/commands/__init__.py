"""The commands of ``arssr``: their options, their help, and what they print."""
