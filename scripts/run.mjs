// node scripts/run.mjs <start|test|bench|migrate|generate|lint|jest> [arguments]
// Sets the checkout up if need be, then runs the command on the pinned Node.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { join } from 'node:path'
import { NODE, ROOT, setUp, toolEnvironment } from './setup.mjs'

const COMMANDS = {
  start: ['infra/standalone/src/main.ts'],
  migrate: ['scripts/migrate.ts'],
  bench: ['scripts/bench.ts'],
  generate: ['scripts/generate.ts'],
  lint: ['scripts/lint.mjs'],
  jest: ['scripts/jest.mjs'],
}

const [command, ...rest] = process.argv.slice(2)
if (command !== 'test' && !Object.hasOwn(COMMANDS, command ?? '')) {
  console.error(`Usage: node scripts/run.mjs <${['test', ...Object.keys(COMMANDS)].join('|')}> …`)
  process.exit(2)
}

let child = null
const forwarded = new Set()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    // A terminal sends Ctrl-C to the child itself, and npm sends it a second time: a program that is ended twice
    // has no time to end well.
    const fromTerminal = signal === 'SIGINT' && (process.stdin.isTTY || process.stdout.isTTY)
    if (!fromTerminal && !forwarded.has(signal)) child?.kill(signal)
    forwarded.add(signal)
  })
}

// A signal to npm ends npm and the shell between, and this process would be left to nobody.
if (process.env.npm_lifecycle_event !== undefined) {
  const shell = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === shell) return
    clearInterval(watch)
    process.emit('SIGTERM')
  }, 250)
  watch.unref()
}

setUp()
process.exitCode = await (command === 'test' ? test(rest) : run(COMMANDS[command], rest))

function run(script, args) {
  return new Promise((resolve) => {
    child = spawn(NODE, [join(ROOT, ...script), ...args], {
      cwd: ROOT,
      stdio: 'inherit',
      env: toolEnvironment(),
    })
    child.on('error', (error) => {
      console.error(`${NODE} does not start: ${error.message}`)
      resolve(1)
    })
    child.on('exit', (code, signal) => {
      resolve(code ?? 128 + constants.signals[signal])
    })
  })
}

async function test(args) {
  const lint = await run(COMMANDS.lint, [])
  const stopped = forwarded.size > 0
  const jest = stopped ? null : await run(COMMANDS.jest, args)
  const word = (status) => (status === null ? 'not run' : status === 0 ? 'passed' : 'FAILED')
  console.log(`\nlint and types: ${word(lint)}\ntests: ${word(jest)}`)
  return lint || (jest ?? 1)
}
