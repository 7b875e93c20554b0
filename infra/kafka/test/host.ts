// A host process for tests that kill it: starts the broker of argv[2] on the ports argv[3] and argv[4], says which
// process it is, and stays.
import { startKafka } from '../src/broker.ts'

const [, , dataDirectory = '', port, controllerPort] = process.argv
try {
  const { pid } = await startKafka({
    dataDirectory,
    port: Number(port),
    controllerPort: Number(controllerPort),
    brief: true,
  })
  console.log(JSON.stringify({ pid }))
  setInterval(() => undefined, 60_000)
} catch (error) {
  console.log(JSON.stringify({ error: String(error) }))
}
