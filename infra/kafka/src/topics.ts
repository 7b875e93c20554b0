import { readFileSync } from 'node:fs'

/** A topic as the platform creates it. */
export interface Topic {
  /** `<service>.<aggregate>.v<version>`. */
  topic: string
  /** Upper bound of consumers that share the work; order holds within one. At least 1. */
  partitions: number
  /** Days that events stay readable, at least 1. */
  retentionDays: number
}

const FILE = new URL('../topics.json', import.meta.url)

/**
 * All topics, as `topics.json` lists them.
 * @throws TypeError when an entry has another shape, or a topic is listed twice.
 */
export function readTopics(): readonly Topic[] {
  const list: unknown = JSON.parse(readFileSync(FILE, 'utf8'))
  if (!Array.isArray(list)) throw new TypeError('topics.json is not a list.')
  const topics = list.map(toTopic)
  const names = topics.map(({ topic }) => topic)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw new TypeError(`topics.json lists ${twice} twice.`)
  return topics
}

function toTopic(entry: unknown): Topic {
  if (typeof entry === 'object' && entry !== null) {
    const { topic, partitions, retentionDays } = { ...EMPTY, ...entry }
    if (
      typeof topic === 'string' &&
      /^[a-z]+(\.[a-z]+(-[a-z]+)*)+\.v[1-9]\d*$/.test(topic) &&
      isCount(partitions) &&
      isCount(retentionDays)
    ) {
      return { topic, partitions, retentionDays }
    }
  }
  throw new TypeError(`topics.json holds no topic here: ${JSON.stringify(entry)}`)
}

const EMPTY: Record<keyof Topic, unknown> = {
  topic: undefined,
  partitions: undefined,
  retentionDays: undefined,
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1
}
