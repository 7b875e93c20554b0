// node scripts/readme-commands.mjs README.md: runs the `sh` blocks of a README in order, as a new user would.
// `npm start` is run beside the others until they are done, and anew beside the demo; `npm test` is left to whoever
// runs this.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { once } from 'node:events'

const [file] = process.argv.slice(2)
if (file === undefined || !existsSync(file)) {
  console.error('Usage: node scripts/readme-commands.mjs <README file>')
  process.exit(2)
}
if (existsSync('.data')) {
  console.error('There is a .data folder already: these commands need a fresh one.')
  process.exit(2)
}

const blocks = [...readFileSync(file, 'utf8').matchAll(/^```sh\n(.*?)^```/gms)].map(
  ([, text]) => text,
)
const aside = (text) => /^npm (start|test|run bench|run demo)/m.test(text)
const tour = blocks.filter((text) => !aside(text)).join('\n')
const demo = blocks.find((text) => /^npm run demo/m.test(text))

// The demo wants a site on which nobody has signed in, and so does the tour.
let status = await beside(tour)
if (status === 0 && demo !== undefined) status = await beside(demo)
console.log(`${file}: ${blocks.length} blocks, ${status === 0 ? 'all commands passed' : 'FAILED'}`)
process.exit(status ?? 1)

async function beside(script) {
  const host = spawn('npm', ['start'], { stdio: ['ignore', 'pipe', 'inherit'], detached: true })
  try {
    await ready(host)
    const commands = spawn('bash', ['-euo', 'pipefail', '-c', script], {
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    const [code] = await once(commands, 'exit')
    return code
  } finally {
    // The whole group, as Ctrl-C in a terminal does it.
    process.kill(-host.pid, 'SIGINT')
    if (host.exitCode === null) await once(host, 'exit')
    rmSync('.data', { recursive: true, force: true })
  }
}

async function ready(child) {
  let output = ''
  for await (const chunk of child.stdout) {
    process.stdout.write(chunk)
    output += chunk
    if (output.includes('is ready')) {
      child.stdout.resume()
      return
    }
  }
  throw new Error('npm start ended before it was ready')
}
