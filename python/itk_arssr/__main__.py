"""``python -m itk_arssr`` is the command line ``arssr``."""

from itk_arssr.cli import main

main()
