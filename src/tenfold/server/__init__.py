"""The server: a page to draw on and a REST API, both asking the reader that ``tenfold read`` asks.

Two kinds of processes. One speaks HTTP and does nothing else (`app`, `routes`, `guard`). Beside it
one worker process a core reads (`worker`, `work`), fed through pipes (`pool`): Python's threads
would take turns, a thread that reads too long cannot be stopped, and a process can.
"""
