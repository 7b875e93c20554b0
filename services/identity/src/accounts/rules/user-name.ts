/** Users that EBS is delivered with, and ours: nobody gets their names. Source: EBS conventions 4.1. */
const RESERVED = new Set([
  'ANONYMOUS',
  'APPSMGR',
  'ASADMIN',
  'AUDADM',
  'AUTOINSTALL',
  'CONCURRENT',
  'FEEDER',
  'GUEST',
  'IBEGUEST',
  'INITIAL',
  'MOBADM',
  'SECADM',
  'STANDALONE',
  'SYSADM',
  'SYSADMIN',
  'WIZARD',
  'XML_USER',
])

/** Longest user name. Source: EBS conventions 4.7. */
const LONGEST = 100

/** Whether the name belongs to EBS or to one of the first administrators. */
export function isReservedUserName(userName: string): boolean {
  return RESERVED.has(userName)
}

export interface NamedPerson {
  readonly employeeNumber: string
  readonly email: string | null
}

/**
 * User names to try for a person, best first: the part of the address before the `@`, which companies make from the
 * name; the same with the last four characters of the employee number; the employee number. Source: EBS conventions 4.7.
 */
export function userNameCandidates({ employeeNumber, email }: NamedPerson): string[] {
  const number = upper(employeeNumber)
  const local = upper(email?.split('@', 1)[0] ?? '')
  return [local, local && `${local}${number.slice(-4)}`, number, `E${number}`].filter(
    (name, index, all) =>
      /^[A-Z0-9]/.test(name) &&
      name.length <= LONGEST &&
      !isReservedUserName(name) &&
      all.indexOf(name) === index,
  )
}

const upper = (text: string) => text.toUpperCase().replaceAll(/[^A-Z0-9._-]/g, '')
