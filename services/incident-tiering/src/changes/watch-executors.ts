import { heldPerson } from '@erp-steward/directory/directory'
import { defineTask } from '@erp-steward/service-kit/jobs'
import { Type } from 'typebox'
import { authorities } from '../key-users/people-in-charge.ts'
import { tellPeople } from '../notifications/notify.ts'
import { executorLostMessage } from '../notifications/rules/message.ts'
import { addChangeEntry, ChangeEntryEntity } from './change-entry.ts'
import { ChangeEntity, lockedChange } from './change.ts'
import { lostExecutor } from './lost-person.ts'

/**
 * Each minute: a started change whose executor has left, or lost account or right, stands half done. The O&M authority and
 * the owner of its way back are told once; either reports its end. Source.
 */
export const watchExecutors = defineTask(
  'watch-change-executors',
  Type.Object({}),
  async (tx, _, act) => {
    const started = await tx.find(ChangeEntity, {
      where: { state: 'started' },
      select: { id: true },
      order: { id: 'asc' },
      take: 1_000,
    })
    for (const { id } of started) {
      // The change before its people, as everybody does who acts on one.
      const change = await lockedChange(tx, id)
      if (change?.state !== 'started') continue
      const lost = await lostExecutor(tx, change.executorPersonId)
      if (lost === null) continue
      if (await tx.existsBy(ChangeEntryEntity, { changeId: id, kind: 'executor-lost' })) continue
      await addChangeEntry(tx, id, 'executor-lost', lost, act)
      const owner = await heldPerson(tx, change.rollbackOwnerPersonId)
      const people = [...(await authorities(tx)), ...(owner === null ? [] : [owner])]
      const recipients = [...new Map(people.map((person) => [person.id, person])).values()]
      const message = executorLostMessage(change.number)
      await tellPeople(tx, { occasion: 'executor-lost', message, recipients, key: id }, act)
    }
  },
)
