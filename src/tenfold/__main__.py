"""``python -m tenfold`` is ``tenfold``."""

from tenfold.cli import main

if __name__ == "__main__":  # the server's readers import it, and must not start servers
    main()
