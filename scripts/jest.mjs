// Runs Jest on the pinned Node; arguments go to Jest, but `--quick`: it leaves out what jest.quick.config.mjs names.
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { ROOT } from './setup.mjs'

const quick = process.argv.includes('--quick')
if (quick && process.env.CI === 'true') {
  console.error('CI leaves no test out: --quick is for people at work.')
  process.exit(2)
}

const require = createRequire(import.meta.url)
const { status } = spawnSync(
  process.execPath,
  [
    '--disable-warning=ExperimentalWarning',
    require.resolve('jest/bin/jest'),
    ...(quick ? ['--config', 'jest.quick.config.mjs'] : []),
    ...process.argv.slice(2).filter((argument) => argument !== '--quick'),
  ],
  {
    stdio: 'inherit',
    // Each worker strips types and compiles once what was not compiled before.
    env: { NODE_COMPILE_CACHE: join(ROOT, '.cache', 'node'), ...process.env },
  },
)
process.exit(status ?? 1)
