// node scripts/run.mjs <start|test|demo|bench|migrate|prepare-database|administrator|ebs-simulator|generate|examples|lint|jest> [arguments]
// Sets the checkout up if need be, then runs the command on the pinned Node.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { join } from 'node:path'
import { NODE, ROOT, setUp, toolEnvironment } from './setup.mjs'

const COMMANDS = {
  start: 'infra/standalone/src/main.ts',
  migrate: 'scripts/migrate.ts',
  'prepare-database': 'scripts/prepare-database.ts',
  administrator: 'scripts/administrator.ts',
  'ebs-simulator': 'infra/ebs-simulator/src/main.ts',
  demo: 'test/e2e/demo.ts',
  bench: 'scripts/bench.ts',
  generate: 'scripts/generate.ts',
  examples: 'scripts/examples.ts',
  lint: 'scripts/lint.mjs',
  jest: 'scripts/jest.mjs',
}

const [command, ...rest] = process.argv.slice(2)
if (command !== 'test' && !Object.hasOwn(COMMANDS, command ?? '')) {
  console.error(`Usage: node scripts/run.mjs <${['test', ...Object.keys(COMMANDS)].join('|')}> …`)
  process.exit(2)
}

// Small young generations keep the garbage of a start from growing the heap: 45 MB less and no slower (measured in
// infra/standalone). Code compiled before is neither stripped of its types nor compiled again.
const FLAGS = { start: ['--max-semi-space-size=4'] }
const ENVIRONMENT = { start: { NODE_COMPILE_CACHE: join(ROOT, '.cache', 'node') } }

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
process.exitCode = await (command === 'test' ? test(rest) : run(command, rest))

function run(name, args) {
  return new Promise((resolve) => {
    child = spawn(NODE, [...(FLAGS[name] ?? []), join(ROOT, COMMANDS[name]), ...args], {
      cwd: ROOT,
      stdio: 'inherit',
      env: { ...ENVIRONMENT[name], ...toolEnvironment() },
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
  const lint = await run('lint', args.includes('--quick') ? ['--quick'] : [])
  const stopped = forwarded.size > 0
  const jest = stopped ? null : await run('jest', args)
  const word = (status) => (status === null ? 'not run' : status === 0 ? 'passed' : 'FAILED')
  console.log(`\nlint and types: ${word(lint)}\ntests: ${word(jest)}`)
  return lint || (jest ?? 1)
}
