"""The tutorial as a laboratory in the browser: train, watch, look inside, break, copy the code.

The server and its page need no torch. Every training runs in a process of its own (`worker`), which
alone imports it, within limits on time and memory (`runs`).
"""
