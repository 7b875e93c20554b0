import { flushCompileCache } from 'node:module'
import { loadBundle, renewBundle } from './bundle/load-bundle.ts'

const bundle = loadBundle()
if (bundle !== null) await bundle.runHost(bundle)
else {
  const { runHost } = await import('./run-host.ts')
  await runHost({
    onReady: () => {
      // What was compiled serves the next start, even when this process is killed.
      flushCompileCache()
      renewBundle()
    },
    toSources: (text) => text,
  })
}
