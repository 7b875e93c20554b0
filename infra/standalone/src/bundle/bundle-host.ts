import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire, SourceMap, type SourceMapPayload } from 'node:module'
import { dirname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, type Plugin } from 'esbuild'
import { writeSourceLines } from './source-lines.ts'
import { ROOT, type StoredBundle } from './stored-bundle.ts'

/** Loaded from where they are: programs in machine code, and what reads files that lie beside it. */
const APART = /^(@node-rs\/argon2|kafkajs|snappy|@fastify\/swagger-ui|typescript)$/

/** What is made depends on these too. */
const MAKER = ['bundle-host.ts', 'source-lines.ts', 'stored-bundle.ts'].map(
  (file) => `infra/standalone/src/bundle/${file}`,
)

/**
 * Makes the script of the host and all that it loads, with the table of its sources.
 *
 * @returns the files it was made from, relative to the root
 * @throws Error when a file cannot be read, or when something would be called otherwise than in its source
 */
export async function bundleHost(bundle: StoredBundle): Promise<string[]> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['infra/standalone/src/run-host.ts'],
    outfile: bundle.script,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    banner: { js: '(function (exports, require, module) {' },
    footer: { js: '})' },
    sourcemap: 'external',
    sourcesContent: false,
    legalComments: 'none',
    metafile: true,
    logLevel: 'silent',
    // As Node takes our sources: types are stripped, nothing else.
    tsconfigRaw: {
      compilerOptions: {
        target: 'esnext',
        useDefineForClassFields: true,
        verbatimModuleSyntax: true,
      },
    },
    plugins: [leaveApart, leaveAbsent, tellPlaces],
  })
  const mapFile = `${bundle.script}.map`
  const map = new SourceMap(JSON.parse(readFileSync(mapFile, 'utf8')) as SourceMapPayload)
  rmSync(mapFile)
  const lines = readFileSync(bundle.script, 'latin1').split('\n')
  writeFileSync(bundle.script, namedAsInSources(lines, map).join('\n'), 'latin1')
  writeSourceLines(bundle, lines, map)
  return [...MAKER, ...Object.keys(metafile.inputs)]
}

const leaveApart: Plugin = {
  name: 'leave apart',
  setup(esbuild) {
    esbuild.onResolve({ filter: APART }, ({ path, importer }) => ({
      path: createRequire(importer).resolve(path),
      external: true,
    }))
  },
}

/** What is not installed: drivers of other databases, which libraries load when they are asked for. */
const leaveAbsent: Plugin = {
  name: 'leave absent',
  setup(esbuild) {
    esbuild.onResolve(
      { filter: /^[^./]/ },
      async ({ path, kind, resolveDir, importer, pluginData }) => {
        if (kind !== 'require-call' || pluginData === LOOKED_UP) return null
        const found = await esbuild.resolve(path, {
          kind,
          resolveDir,
          importer,
          pluginData: LOOKED_UP,
        })
        return found.errors.length > 0 ? { path, external: true } : found
      },
    )
  },
}
const LOOKED_UP = Symbol('looked up')

/** In the bundle `import.meta` would say where that lies: our sources ask it for files beside them. */
const tellPlaces: Plugin = {
  name: 'tell places',
  setup(esbuild) {
    esbuild.onLoad({ filter: /[/\\](?:packages|services|infra)[/\\].*\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8')
      if (!text.includes('import.meta')) return null
      const contents = text
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
        .replaceAll('import.meta.dirname', JSON.stringify(dirname(path)))
      return { contents, loader: 'ts' }
    })
  },
}

const CLASS =
  /(?:\b(?<variable>[\w$]+) = class\b(?: (?!extends\b)(?<inner>[\w$]+))?|^\s*class (?<declared>[\w$]+))(?: extends [\w$.]+)? \{$/d

/**
 * The lines with a name in each class that is called otherwise here than in its source, for all share one script:
 * a migration is known by the name of its class, and an error in the log.
 *
 * @throws Error where it is not seen what a migration is called
 */
function namedAsInSources(lines: readonly string[], map: SourceMap): string[] {
  return lines.map((line, at) => {
    if (!/\bclass\b.*\{$/.test(line)) return line
    const { indices } = CLASS.exec(line) ?? {}
    const [from, to] =
      indices?.groups?.inner ?? indices?.groups?.variable ?? indices?.groups?.declared ?? []
    if (from === undefined) return line
    const entry = map.findEntry(at, from)
    const here = line.slice(from, to)
    const name = 'name' in entry && typeof entry.name === 'string' ? entry.name : here
    if (/[A-Za-z_]\d{14,}$/.test(name)) throw new Error(`${here} is called otherwise in its source`)
    return name === here
      ? line
      : `${line} static { Object.defineProperty(this, 'name', { value: ${JSON.stringify(name)} }) }`
  })
}
