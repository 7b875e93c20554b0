// Backup of a folder per CPU-second against `tar c | zstd -3`, which neither seals nor hashes nor reads again.
// Standalone: node packages/backup-agent/bench/seal.ts
import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { cpuMicrosOf, ownCpuMicros, type BenchRow } from '@erp-steward/test-kit/bench-row'
import { packFolder } from '../src/filesystem/pack-folder.ts'
import { sealInto } from '../src/seal/compressed.ts'
import { examine } from '../src/seal/examine.ts'
import { writeObject } from '../src/store/write-object.ts'

const MIB = 1 << 20

/** Text like that of documents and logs, which zstd makes about a quarter of. */
function words(bytes: number): Buffer {
  const vocabulary = Array.from({ length: 2_000 }, () => randomBytes(4).toString('hex'))
  const parts: string[] = []
  for (let length = 0, n = 1; length < bytes; n = (n * 48_271) % 2_147_483_647) {
    const word = vocabulary[n % vocabulary.length] ?? ''
    parts.push(word)
    length += word.length + 1
  }
  return Buffer.from(parts.join(' ')).subarray(0, bytes)
}

function makeTree(folder: string): number {
  const text = words(8 * MIB)
  let total = 0
  const put = (path: string, bytes: Buffer) => {
    writeFileSync(path, bytes)
    total += bytes.length
  }
  for (let index = 0; index < 20; index++) {
    mkdirSync(join(folder, `folder-${index}`))
    for (let file = 0; file < 100; file++)
      put(
        join(folder, `folder-${index}`, `small-${file}`),
        text.subarray(file * 977, file * 977 + 20_000),
      )
  }
  for (let index = 0; index < 16; index++) put(join(folder, `large-${index}`), text)
  for (let index = 0; index < 4; index++) put(join(folder, `dense-${index}`), randomBytes(8 * MIB))
  return total
}

interface Measured {
  readonly seconds: number
  readonly cpuSeconds: number
}

async function ours(source: string, store: string): Promise<Measured> {
  const key = { id: 'K1', bytes: randomBytes(32) }
  const keys = new Map([[key.id, key.bytes]])
  const watch = { signal: new AbortController().signal, onBytes: () => undefined }
  const path = join(store, 'object')
  const cpu = ownCpuMicros()
  const from = performance.now()
  const { read } = await writeObject(
    path,
    keys,
    watch,
    () => undefined,
    async (write) => {
      const { stream, packed } = packFolder(source, [])
      await sealInto(stream, key, 'tar', write, watch.signal)
      await packed
    },
  )
  const measured = {
    seconds: (performance.now() - from) / 1e3,
    cpuSeconds: (ownCpuMicros() - cpu) / 1e6,
  }
  if (read.finding !== null) throw new Error(read.finding)
  const again = await examine(path, keys, read.digest, watch)
  if (again.finding !== null) throw new Error(again.finding)
  rmSync(path)
  return measured
}

// The shell waits for its pipeline, so its children's CPU time is in its own account when it has written.
async function theirs(source: string, store: string): Promise<Measured | null> {
  if (['tar', 'zstd'].some((tool) => spawnSync(tool, ['--version']).status !== 0)) return null
  const object = join(store, 'reference')
  const from = performance.now()
  const shell = spawn(
    '/bin/sh',
    ['-c', 'tar c -C "$0" . | zstd -3 -q > "$1"; echo; read _', source, object],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  )
  await once(shell.stdout, 'data')
  const seconds = (performance.now() - from) / 1e3
  const cpuSeconds = cpuMicrosOf(shell.pid ?? 0) / 1e6
  shell.stdin.end('\n')
  await once(shell, 'exit')
  if (readFileSync(object).length === 0) throw new Error('The reference stored nothing.')
  rmSync(object)
  return { seconds, cpuSeconds }
}

const bestOf = (runs: readonly Measured[]): Measured => {
  const [best] = runs.toSorted((a, b) => a.cpuSeconds - b.cpuSeconds)
  if (best === undefined) throw new Error('Nothing was measured.')
  return best
}

/** Rows for docs/benchmarks.md; none where `tar` or `zstd` is missing. */
export async function run(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'erp-steward-bench-'))
  try {
    const source = join(folder, 'source')
    mkdirSync(source)
    const mib = makeTree(source) / MIB
    const mine: Measured[] = []
    const reference: Measured[] = []
    for (let round = 0; round < 4; round++) {
      mine.push(await ours(source, folder))
      const measured = await theirs(source, folder)
      if (measured === null) return []
      reference.push(measured)
    }
    const our = bestOf(mine)
    const their = bestOf(reference)
    return [
      {
        name: 'backup of a folder, proven',
        reference: 'tar c \\| zstd -3, nothing sealed, hashed or read again',
        ours: mib / our.cpuSeconds,
        theirs: mib / their.cpuSeconds,
        unit: 'MiB/CPU-s',
        cpuMicrosPerUnit: (our.cpuSeconds * 1e6) / mib,
        note: `${Math.round(mib)} MiB in 2,020 files; ${Math.round(mib / our.seconds)} against ${Math.round(mib / their.seconds)} MiB/s of wall time`,
      },
    ]
  } finally {
    rmSync(folder, { recursive: true })
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  process.stdout.write(`${JSON.stringify(await run(), null, 2)}\n`)
