// A host process for tests that kill it: starts the server of argv[2] on port argv[3], says where, and stays.
import { startPostgres } from '../src/server.ts'

const [, , dataDirectory = '', port = '0'] = process.argv
const { url, port: chosen } = await startPostgres({
  dataDirectory,
  port: Number(port),
  durable: false,
})
console.log(JSON.stringify({ url, port: chosen }))
