"""The worker process: heavy jobs outside the window's process.

Beside a busy interface thread every return from a library call may wait for the interpreter's lock, so the same work is
much slower there and the window stutters. The window keeps one idle worker and talks to it in JSON lines:

    window -> worker   {"job": "verify", "arguments": {…}}     cancel
    worker -> window   {"progress": [phase, done, total]}      {"result": …}   {"error": {…}}   {"cancelled": true}

When its standard input ends, because the window is gone, the worker cancels what it does and ends.
"""
