import { randomBytes } from 'node:crypto'
import type { ServiceName } from '@erp-steward/contracts/services'
import { serviceNames } from '@erp-steward/contracts/services'
import { createFirstAdministrators } from '@erp-steward/identity/accounts/create-first-administrators'
import { createRolesAndSchemas, ownerUrl, serviceUrl } from '@erp-steward/postgres/roles'
import { migrate, openDatabase } from '@erp-steward/service-kit/database'
import { registry } from './registry.ts'
import { writePrivateFile } from './secrets.ts'

/** Database all services of a site share, each in its own schema. */
export const DATABASE = 'erp_steward'

export type ServiceUrls = Readonly<Record<ServiceName, string>>

/** Where the migration job connects, and where the services do. */
export interface SiteUrls {
  readonly owners: ServiceUrls
  readonly services: ServiceUrls
}

/**
 * Makes the database, the roles and the schemas. Can be repeated.
 *
 * @param migrationPassword of the owners of the tables; without one it is made for this run and kept by nobody
 */
export async function prepareDatabase(
  superuserUrl: string,
  passwords: Readonly<Record<string, string>>,
  migrationPassword: string = randomBytes(32).toString('base64url'),
): Promise<SiteUrls> {
  const roles = serviceNames.map((name) => ({ name, password: passwordOf(passwords, name) }))
  await createRolesAndSchemas(superuserUrl, DATABASE, roles, migrationPassword)
  return siteUrls(superuserUrl, passwords, migrationPassword)
}

/** The addresses on the server of `baseUrl`, whose user and database do not matter. */
export function siteUrls(
  baseUrl: string,
  passwords: Readonly<Record<string, string>>,
  migrationPassword: string,
): SiteUrls {
  return {
    owners: Object.fromEntries(
      serviceNames.map((name) => [name, ownerUrl(baseUrl, DATABASE, name, migrationPassword)]),
    ) as Record<ServiceName, string>,
    services: serviceUrls(baseUrl, passwords),
  }
}

function serviceUrls(baseUrl: string, passwords: Readonly<Record<string, string>>): ServiceUrls {
  return Object.fromEntries(
    serviceNames.map((name) => [
      name,
      serviceUrl(baseUrl, DATABASE, name, passwordOf(passwords, name)),
    ]),
  ) as Record<ServiceName, string>
}

/** Brings every schema up to date, all at once: each waits for the server most of its time. */
export async function migrateAll(
  { owners, services }: SiteUrls,
  progress: (line: string) => void,
): Promise<void> {
  const migrations = serviceNames.map((name) => {
    progress(`Migrating ${name}`)
    return migrate(registry[name], { owner: owners[name], service: services[name] })
  })
  // One that fails is told when none is at work any more.
  await Promise.allSettled(migrations)
  await Promise.all(migrations)
}

/**
 * Creates the three administrators on the first run and leaves their one-time passwords in `file`, mode 0600.
 *
 * The file is written before the accounts are committed: a crash between the two leaves a file that the next run
 * replaces, never accounts whose passwords nobody knows.
 *
 * @returns whether they were created now
 */
export async function prepareAdministrators(identityUrl: string, file: string): Promise<boolean> {
  const db = await openDatabase(registry.identity, identityUrl, 2)
  try {
    const created = await createFirstAdministrators(db, new Date(), (administrators) => {
      writePrivateFile(
        file,
        administrators
          .map(({ userName, role, password }) => `${userName}\t${role}\t${password}\n`)
          .join(''),
      )
    })
    return created.length > 0
  } finally {
    await db.destroy()
  }
}

function passwordOf(passwords: Readonly<Record<string, string>>, name: ServiceName): string {
  const password = passwords[name]
  if (password === undefined) throw new Error(`There is no database password for ${name}`)
  return password
}
