"""What every part of the package uses: errors for the user, Ctrl-C, options, progress, complete files."""
