/** `npm start`: builds if needed, serves the lab and prints its address. */
import { ensureBuilt, serve } from './serve';

const port = Number(process.env.PORT ?? 4173);
if (!Number.isInteger(port) || port < 0 || port > 65_535) {
  console.error(`PORT must be a port number, not “${process.env.PORT}”.`);
  process.exit(2);
}
await ensureBuilt();
const { url } = await serve(port);
console.log(`LRT Lab is at ${url}\nPress Ctrl+C to stop.`);
