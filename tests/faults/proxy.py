"""A TCP proxy in front of a broker, which delays, cuts and swallows. It knows of Kafka's protocol where a request begins.

    with Proxy(target_port, port) as proxy:
        proxy.delay = 0.25              seconds, in each direction
        proxy.close_to("both")          nothing gets through, connections stay: "both", "up" (to the broker), "down" (from it)
        proxy.open()
        proxy.cut()                     all connections end; new ones may be made
        proxy.swallow_replies(END_TXN)  to this kind of request; proxy.swallowed counts them
        proxy.hold_requests(END_TXN)    keeps them back until release(), even when their client is gone
"""
import asyncio
import struct
import threading

END_TXN, TXN_OFFSET_COMMIT, PRODUCE, FETCH = 26, 28, 0, 1
CHUNK = 65536


class Proxy:
    def __init__(self, target_port, port):
        self.target_port, self.port = target_port, port
        self.delay = 0.0
        self.swallowed = self.held = 0
        self._closed = {"up": False, "down": False}
        self._swallow, self._hold = set(), set()
        self._writers = set()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    # ---- what a test says ----

    def close_to(self, direction):
        for name in self._closed:
            self._closed[name] = direction in (name, "both")

    def open(self):
        self.close_to("none")

    def cut(self):
        self._loop.call_soon_threadsafe(self._cut)

    def swallow_replies(self, key):
        self._swallow.add(key)

    def hold_requests(self, key):
        self._hold.add(key)

    def release(self):
        self._swallow.clear()
        self._hold.clear()

    # ---- the loop ----

    def __enter__(self):
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *ignored):
        self.release()
        self.open()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self):
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._accept, "127.0.0.1", self.port))
        self._ready.set()
        self._loop.run_forever()
        server.close()
        self._cut()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))

    def _cut(self):
        for writer in list(self._writers):
            writer.close()

    async def _accept(self, reader, writer):
        try:
            broker_reader, broker_writer = await asyncio.open_connection("127.0.0.1", self.target_port)
        except OSError:
            writer.close()
            return
        swallowed = set()
        self._writers |= {writer, broker_writer}
        await asyncio.gather(self._pump("up", reader, broker_writer, swallowed, holds=True),
                             self._pump("down", broker_reader, writer, swallowed, holds=False), return_exceptions=True)
        self._writers -= {writer, broker_writer}

    async def _pump(self, direction, reader, writer, swallowed, holds):
        try:
            while True:
                size = await reader.readexactly(4)
                frame = await reader.readexactly(struct.unpack(">i", size)[0])
                if self.delay:
                    await asyncio.sleep(self.delay)
                while self._closed[direction]:
                    await asyncio.sleep(0.02)
                if holds and not await self._let_up(frame, swallowed):
                    continue
                if not holds and struct.unpack(">i", frame[:4])[0] in swallowed:
                    self.swallowed += 1
                    continue
                writer.write(size + frame)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _let_up(self, frame, swallowed):
        """Of a request: api key (2), version (2), correlation id (4)."""
        key, _, correlation = struct.unpack(">hhi", frame[:8])
        if key in self._hold:
            self.held += 1
            while key in self._hold:
                await asyncio.sleep(0.02)
        if key in self._swallow:
            swallowed.add(correlation)
        return True
