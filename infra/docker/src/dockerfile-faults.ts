/** An instruction of a Dockerfile, continued lines joined. */
interface Instruction {
  readonly name: string
  readonly rest: string
}

/** What a Dockerfile must agree with. */
export interface ImageFacts {
  /** The pinned Node, for example `24.21.0`. */
  readonly node: string
  /** The pinned pnpm, for example `12.21.0`. */
  readonly pnpm: string
  /** User of the containers, as the compose file has it. */
  readonly user: string
  /** Whether a path from the root of the repository exists and is part of the build's context. */
  readonly isInContext: (path: string) => boolean
}

/** What in the Dockerfile does not fit the repository; empty when all does. */
export function dockerfileFaults(text: string, facts: ImageFacts): string[] {
  const faults: string[] = []
  const stages = stagesOf(text)
  const last = stages.at(-1)
  if (stages.length < 2 || last === undefined) return ['there are no two stages']
  const names = stages.map(({ name }) => name)
  for (const { image } of stages)
    if (!new RegExp(`^node:${facts.node}-[a-z]+-slim$`).test(image))
      faults.push(`${image} is not the slim image of Node ${facts.node}`)
  const all = stages.flatMap(({ instructions }) => instructions)
  const runs = all.filter(({ name }) => name === 'RUN').map(({ rest }) => rest)
  if (!runs.some((run) => run.includes(`pnpm@${facts.pnpm}`)))
    faults.push(`pnpm is not ${facts.pnpm}`)
  const install = runs.find((run) => run.includes('pnpm install')) ?? ''
  for (const flag of ['--prod', '--frozen-lockfile'])
    if (!install.includes(flag)) faults.push(`pnpm install lacks ${flag}`)
  for (const { name, rest } of all) {
    const from = /--from=(\S+)/.exec(rest)?.[1]
    if (name === 'COPY' && from !== undefined && !names.includes(from))
      faults.push(`there is no stage ${from}`)
    if (name === 'COPY' && from === undefined)
      for (const path of rest.split(/\s+/).slice(0, -1))
        if (path !== '.' && !facts.isInContext(path)) faults.push(`${path} is not in the context`)
  }
  const users = last.instructions.filter(({ name }) => name === 'USER')
  if (users.length !== 1 || users[0]?.rest !== facts.user || /^(root|0)\b/.test(facts.user))
    faults.push(`the user is not ${facts.user}`)
  for (const name of ['CMD', 'HEALTHCHECK']) {
    const found = last.instructions.find((instruction) => instruction.name === name)
    const command = /\[.*\]$/.exec(found?.rest ?? '')?.[0] ?? '[]'
    const [program, script] = JSON.parse(command) as string[]
    if (program !== 'node' || script === undefined || !facts.isInContext(script))
      faults.push(`${name} runs nothing that is there`)
  }
  return faults
}

/** Whether `.dockerignore` keeps a path, given from the root, out of the context: the last line that fits decides. */
export function isIgnored(dockerignore: string, path: string): boolean {
  const lines = dockerignore.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return lines.reduce((ignored, line) => {
    const isException = line.startsWith('!')
    const pattern = line
      .slice(isException ? 1 : 0)
      .replaceAll('.', '\\.')
      .replace(/^\*\*\//, '(.*/)?')
      .replace(/(?<![.)])\*/g, '[^/]*')
    return new RegExp(`^${pattern}(/|$)`).test(path) ? !isException : ignored
  }, false)
}

function stagesOf(text: string) {
  const stages: { name: string; image: string; instructions: Instruction[] }[] = []
  const joined = text.replace(/^#.*\n/gm, '').replace(/\\\n\s*/g, '')
  for (const line of joined.split('\n').filter((each) => each.trim() !== '')) {
    const [name = '', ...words] = line.split(/\s+/)
    if (name === 'FROM')
      stages.push({ image: words[0] ?? '', name: words[2] ?? '', instructions: [] })
    else stages.at(-1)?.instructions.push({ name, rest: words.join(' ') })
  }
  return stages
}
