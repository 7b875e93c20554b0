import { PersonEntity } from '@erp-steward/directory/directory'
import { personalDataOf } from '@erp-steward/service-kit/personal-data'
import type { DataSource } from 'typeorm'
import type { Send } from './send-mail.ts'

/** What a mail server says may repeat the address. */
const ADDRESS = /[^\s<>"']+@[^\s<>"']+/g

/**
 * Sends to the address that the person has now, and leaves it out of what is recorded: it lies sealed in the copy and
 * nowhere else. Source.
 */
export function createPersonMailer(db: DataSource, send: Send): Send {
  return async (notification, signal) => {
    const { personId } = notification
    const sealed =
      personId === null
        ? null
        : ((await db.manager.findOneBy(PersonEntity, { id: personId }))?.email ?? null)
    if (personId === null || sealed === null) throw new Error('The person has no mail address.')
    const recipient = personalDataOf(db.manager).open(personId, 'email', sealed)
    try {
      return withoutAddresses(await send({ ...notification, recipient }, signal))
    } catch (error) {
      // eslint-disable-next-line preserve-caught-error -- the cause would carry the address into a log
      throw new Error(withoutAddresses(error instanceof Error ? error.message : String(error)))
    }
  }
}

const withoutAddresses = (text: string) => text.replace(ADDRESS, '***')
