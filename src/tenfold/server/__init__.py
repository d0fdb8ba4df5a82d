"""The server: a page to draw on and a REST API, both asking the reader that ``tenfold read`` asks.

Two kinds of processes. One speaks HTTP and does nothing else (`app`, `routes`, `request_body`,
`middleware`). Beside it one process per core reads (`worker`), kept by anyio (`pool`): Python's
threads would take turns, a thread that reads too long cannot be stopped, and a process can.
"""
