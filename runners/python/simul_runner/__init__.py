"""Which part of a Python runner program stands where?

A trial in the words of `runners/PROTOCOL.md`, with the standard library alone. Read in this order:

- `trial`      the conversation: spec, orders, replies, the end
- `window`     when an operation counts, and how it is recorded
- `works`      what each workload's operations are and must have done, without any I/O
- `on_asyncio`, `on_uvloop`, `on_threads`, `on_processes`: one runner each
- `routes`     the server's side: HTTP and the routes, without any I/O;
               `serve_asyncio`, `serve_threads` bring it to sockets
- `digest`, `parameters`, `costs`: what the above stand on

Only the `on_` and `serve_` modules know how anything is executed.
"""
