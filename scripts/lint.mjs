// Format, code rules and types of the whole tree; `--fix` writes what can be written, `--quick` looks again at no file
// that stayed as it was. Ends with the status of the first check that fails, after all have run.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { ROOT, toolEnvironment } from './setup.mjs'

const fix = process.argv.includes('--fix')
// A rule that looks at types or imports can break in a file that nobody touched: the full check keeps nothing.
const kept = (tool) =>
  process.argv.includes('--quick') ? ['--cache', '--cache-location', `.cache/${tool}`] : []
const checks = [
  ['prettier', fix ? '--write' : '--check', ...kept('prettier'), '--log-level', 'warn', '.'],
  ['eslint', ...(fix ? ['--fix'] : []), ...kept('eslint'), '--max-warnings', '0', '.'],
  ['oxlint', '--deny-warnings', '.'],
  ['tsc', '-p', 'tsconfig.check.json'],
]

let first = 0
for (const [tool, ...args] of checks) {
  console.log(`${tool} ${args.join(' ')}`)
  const { status, error } = spawnSync(join(ROOT, 'node_modules', '.bin', tool), args, {
    cwd: ROOT,
    stdio: 'inherit',
    env: toolEnvironment(),
  })
  if (error !== undefined) console.error(`${tool} does not start: ${error.message}`)
  if (status !== 0) console.log(`${tool}: FAILED`)
  first ||= status ?? 1
}
process.exitCode = first
