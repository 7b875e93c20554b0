// node scripts/run.mjs <start|test|demo|bench|migrate|prepare-database|administrator|code|ebs-simulator|generate|examples|lint|jest> [arguments]
// Sets the checkout up if need be, then runs the command on the pinned Node.
import { spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { NODE, ROOT, setUp, toolEnvironment } from './setup.mjs'

const COMMANDS = {
  start: 'infra/standalone/src/main.ts',
  migrate: 'scripts/migrate.ts',
  'prepare-database': 'scripts/prepare-database.ts',
  administrator: 'scripts/administrator.ts',
  code: 'scripts/code.ts',
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
// infra/standalone). Code compiled before is neither stripped of its types nor compiled again. glibc would raise its
// thresholds to the largest block that was freed and keep all below them for good: 40 MB that only the start needed.
const FLAGS = { start: ['--max-semi-space-size=4', '--expose-gc'] }
const ENVIRONMENT = {
  start: {
    NODE_COMPILE_CACHE: join(ROOT, '.cache', 'node'),
    MALLOC_MMAP_THRESHOLD_: '1048576',
    MALLOC_TRIM_THRESHOLD_: '1048576',
  },
}

const children = new Set()
const forwarded = new Set()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    // A terminal sends Ctrl-C to the child itself, and npm sends it a second time: a program that is ended twice
    // has no time to end well.
    const fromTerminal = signal === 'SIGINT' && (process.stdin.isTTY || process.stdout.isTTY)
    if (!fromTerminal && !forwarded.has(signal)) for (const child of children) child.kill(signal)
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

function run(name, args, stdio = 'inherit') {
  return new Promise((resolve) => {
    const child = spawn(NODE, [...(FLAGS[name] ?? []), join(ROOT, COMMANDS[name]), ...args], {
      cwd: ROOT,
      stdio,
      env: { ...ENVIRONMENT[name], ...toolEnvironment() },
    })
    children.add(child)
    child.on('error', (error) => {
      console.error(`${NODE} does not start: ${error.message}`)
      resolve(1)
    })
    child.on('exit', (code, signal) => {
      children.delete(child)
      resolve(code ?? 128 + constants.signals[signal])
    })
  })
}

// Side by side: the longest tests begin first and wait for most of their time.
async function test(args) {
  const folder = mkdtempSync(join(tmpdir(), 'steward-lint-'))
  const file = join(folder, 'output')
  const output = openSync(file, 'w')
  try {
    const [lint, jest] = await Promise.all([
      run('lint', args.includes('--quick') ? ['--quick'] : [], ['ignore', output, output]),
      run('jest', args),
    ])
    // After the tests, where it is not lost between their lines.
    console.log(`\n${readFileSync(file, 'utf8')}`)
    const word = (status) => (status === 0 ? 'passed' : 'FAILED')
    console.log(`lint and types: ${word(lint)}\ntests: ${word(jest)}`)
    return lint || jest
  } finally {
    closeSync(output)
    rmSync(folder, { recursive: true })
  }
}
