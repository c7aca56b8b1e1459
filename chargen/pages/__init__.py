"""The HTML that people look at; no page loads anything from outside.

A page is one file. `playground` is that of `chargen serve`, in files that a browser reads as they
are: no build step, no framework. `main.js` begins; `backend-http.js` is all that knows the server.
`offline` is what stands in for the server in a page that carries its network; `bundle.py` makes one
script of all of them. `offline/kernel.wasm` is made by `wat2wasm` of the source beside it.

What is shown is handed in; nothing here reads or computes. Pages may import text and what is below
it.
"""
