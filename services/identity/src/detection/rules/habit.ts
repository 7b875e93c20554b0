import type { Activity } from './activity.ts'

type Use = Pick<Activity, 'address' | 'agent' | 'startedAt'>

/** China is at UTC+8 without summer time since 1992. */
const hourInChina = ({ startedAt }: Use) => (startedAt.getUTCHours() + 8) % 24

/** Hours between two hours of the day, over midnight too. */
const hoursApart = (a: number, b: number) => Math.min((a - b + 24) % 24, (b - a + 24) % 24)

/** What belongs to one site most of the time: the first three parts of an IPv4 address, the first four groups of another. */
export function siteOf(address: string): string {
  if (!address.includes(':')) return address.split('.').slice(0, 3).join('.')
  const [head = '', tail] = address.split('::', 2)
  const given = head === '' ? [] : head.split(':')
  const missing =
    tail === undefined ? 0 : 8 - given.length - (tail === '' ? 0 : tail.split(':').length)
  const groups = [...given, ...Array.from({ length: Math.max(0, missing) }, () => '0')]
  return groups.slice(0, 4).join(':')
}

/**
 * Rule 7: whether hour, program and site of a sign-in are all new to the account, of which at least `enough` sign-ins are
 * known. An hour is known that lies at most one from one of those. Source: defaults 2.9; the modules of EBS that somebody uses
 * are not told, so the site stands in their place.
 */
export function breaksHabit(now: Use, known: readonly Use[], enough: number): boolean {
  return (
    known.length >= enough &&
    known.every(
      (each) =>
        hoursApart(hourInChina(each), hourInChina(now)) > 1 &&
        each.agent !== now.agent &&
        siteOf(each.address) !== siteOf(now.address),
    )
  )
}
