// Brings node_modules up to date. Plain JavaScript without dependencies: it runs before anything is installed, on any
// Node from 18 on.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  accessSync,
  constants,
  existsSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** The pinned Node 24, which runs everything but this. */
export const NODE = join(ROOT, 'node_modules', 'node', 'bin', 'node')

const PNPM = 'pnpm@12.21.0'
const STAMP = join(ROOT, 'node_modules', '.setup-stamp')

/** Environment in which the pinned Node and the installed tools come first. */
export function toolEnvironment() {
  const path = [
    join(ROOT, 'node_modules', 'node', 'bin'),
    join(ROOT, 'node_modules', '.bin'),
    process.env.PATH,
  ]
  return { ...process.env, PATH: path.filter(Boolean).join(delimiter) }
}

/** Installs what the lock file pins, unless that was done before. Ends the process with status 1 when it fails. */
export function setUp() {
  const wanted = fingerprint()
  if (existsSync(NODE) && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return

  console.error('Installing dependencies (once, and after a change of the lock file) …')
  const { status, signal, error } = spawnSync(
    'npx',
    ['--yes', PNPM, 'install', '--frozen-lockfile'],
    { cwd: ROOT, stdio: ['ignore', 2, 2], env: installEnvironment() },
  )
  if (signal !== null) fail(`The installation was ended by ${signal}.`)
  if (error !== undefined)
    fail(`npx does not start (${error.message}). It comes with npm: install npm.`)
  if (status !== 0) fail(installAdvice(status))
  if (!existsSync(NODE)) {
    fail(
      `${NODE} is missing after the installation: its install script did not run. ` +
        'Remove `ignore-scripts` from your .npmrc, delete node_modules and run this again.',
    )
  }
  writeFileSync(STAMP, wanted)
  console.error('Dependencies are installed.')
}

function fail(message) {
  console.error(`\n${message}`)
  process.exit(1)
}

function installAdvice(status) {
  const lines = [`The dependencies could not be installed (pnpm through npx ended with ${status}).`]
  const owner = notWritable(join(ROOT, 'node_modules')) ?? notWritable(ROOT)
  if (owner !== undefined) {
    lines.push(`${owner} cannot be written by this user: delete it or run this as its owner.`)
  } else {
    lines.push(
      'The lines above say why. Without the public registry, name yours: npm config set registry URL.',
    )
  }
  return lines.join('\n')
}

function notWritable(path) {
  try {
    if (existsSync(path)) accessSync(path, constants.W_OK)
    return undefined
  } catch {
    return path
  }
}

// What decides the content of node_modules.
function fingerprint() {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`)
  const files = ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json', ...below('patches')]
  for (const group of ['packages', 'services', 'infra']) {
    files.push(...below(group).map((folder) => join(folder, 'package.json')))
  }
  for (const file of files) {
    const path = join(ROOT, file)
    if (existsSync(path)) hash.update(`${file}\n`).update(readFileSync(path))
  }
  return hash.digest('hex')
}

function below(folder) {
  const path = join(ROOT, folder)
  return existsSync(path)
    ? readdirSync(path)
        .sort()
        .map((name) => join(folder, name))
    : []
}

// npm hands its own settings to its scripts; these would leave parts out or install elsewhere.
const MISLEADING =
  /^(node_env|npm_config_(production|omit|only|include|global|location|prefix|local_prefix|dry_run|ignore_scripts|workspaces?|include_workspace_root|package_lock|package_lock_only))$/i

function installEnvironment() {
  const env = { CI: 'true', npm_config_ignore_scripts: 'false' } // CI: pnpm asks no questions.
  for (const [name, value] of Object.entries(process.env)) {
    if (!MISLEADING.test(name)) env[name] = value
  }
  // npm 8 runs scripts as the owner of the checkout, who cannot write the home of root.
  const home = homedir()
  if (notWritable(home) !== undefined || !existsSync(home)) {
    env.HOME = join(tmpdir(), `erp-steward-home-${process.getuid?.() ?? ''}`)
    env.npm_config_cache = join(env.HOME, '.npm')
  }
  return env
}
