import { expect, test } from '@jest/globals'
import { ChangeApproved, ChangeRejected } from '@erp-steward/contracts/change-events'
import * as incident from '@erp-steward/contracts/incident-events'
import type { Static } from 'typebox'
import { DAY, HOUR, said, stateAfter } from './played.ts'

test('[B-4.1.4] kept: what tier 1 could not solve was passed up', () => {
  expect(stateAfter('B-4.1.4', [said(incident.TicketOpened), said(incident.TicketEscalated)])).toBe(
    'kept',
  )
})

test('[B-4.1.4] turned: nothing was ever passed up', () => {
  expect(stateAfter('B-4.1.4', [said(incident.TicketOpened)])).toBe('stale')
})

test('[B-4.1.5] kept: the unit decided, whether it approved or refused', () => {
  expect(stateAfter('B-4.1.5', [said(ChangeApproved, { stage: 'unit' })])).toBe('kept')
  expect(stateAfter('B-4.1.5', [said(ChangeRejected, { stage: 'unit' })])).toBe('kept')
})

test('[B-4.1.5] turned: only the company decided', () => {
  expect(stateAfter('B-4.1.5', [said(ChangeApproved, { stage: 'company' })])).toBe('stale')
})

const ticketId = '0d6bfa62-50ec-43e8-bad0-7642874def75'
const of = { ticketId }
/** Minutes before the instant at which the state is read. */
const ago = (minutes: number) => -minutes * 60_000
const late = (
  clock: 'acknowledge' | 'restore' | 'tier' | 'final' | 'progress-note',
  minutes = 30,
) =>
  said(
    incident.TicketClockBreached,
    { ...of, clock, tier: clock === 'tier' ? 'L1' : null },
    ago(minutes),
  )
const taken = said(incident.TicketAcknowledged, { ...of, tier: 'L1', withinTarget: true }, ago(50))
const solved = said(incident.TicketResolved, { ...of, withinTarget: true }, ago(40))
const solvedLate = said(incident.TicketResolved, { ...of, withinTarget: false }, ago(10))
const confirmed = said(incident.TicketConfirmed, { ...of, accepted: true }, ago(20))
const closed = said(incident.TicketClosed, { ...of, by: 'confirmation' }, ago(20))
const noted = said(incident.TicketProgressNoted, of, ago(45))
const delivered = said(
  incident.NotificationDelivered,
  { ...of, occasion: 'progress-noted' },
  ago(44),
)

const other = { ticketId: '0d6bfa62-50ec-43e8-bad0-7642874def78' }
const released = said(incident.TicketReleased, of, ago(5))
const noSuperior = said(incident.TicketSuperiorsCalled, { ...of, inStead: true }, ago(5))
const takenLate = said(
  incident.TicketAcknowledged,
  { ...of, tier: 'L1', withinTarget: false },
  ago(5),
)
const undelivered = said(incident.NotificationFailed, { ...of, occasion: 'progress-noted' }, ago(5))

test('[A-1.3.4] kept: it is done in time', () => {
  expect(stateAfter('A-1.3.4', [taken, solved])).toBe('kept')
})

test('[A-5.2.2] kept: it is done in time', () => {
  expect(stateAfter('A-5.2.2', [taken])).toBe('kept')
})

test('[A-5.2.3] kept: it is done in time', () => {
  expect(stateAfter('A-5.2.3', [taken, solved])).toBe('kept')
})

test('[A-5.2.5] kept: it is done in time', () => {
  expect(stateAfter('A-5.2.5', [noted, delivered])).toBe('kept')
})

test('[B-4.0] kept: it is done in time', () => {
  expect(stateAfter('B-4.0', [confirmed, closed])).toBe('kept')
})

test('[B-4.1.3] kept: it is done in time', () => {
  expect(stateAfter('B-4.1.3', [taken])).toBe('kept')
})

test('[A-1.3.4] turned: nobody takes it in time', () => {
  expect(stateAfter('A-1.3.4', [solved, late('acknowledge')])).toBe('broken')
})

test('[A-1.3.4] turned: it is not restored in time', () => {
  expect(stateAfter('A-1.3.4', [solved, late('restore')])).toBe('broken')
})

test('[A-1.3.4] turned: it is not finally solved in time', () => {
  expect(stateAfter('A-1.3.4', [solved, late('final')])).toBe('broken')
})

test('[A-1.3.4] turned: its owner may no longer work it and nobody takes it over', () => {
  expect(stateAfter('A-1.3.4', [solved, taken, released])).toBe('at-risk')
})

test('[A-1.3.4] turned: an unrestored P1 finds no superior of its step', () => {
  expect(stateAfter('A-1.3.4', [solved, noSuperior])).toBe('at-risk')
})

test('[A-1.3.4] turned: a step above a P1 has nobody to call, until it has', () => {
  const step = 'leading-group'
  const gap = said(incident.SuperiorGapFound, { step }, ago(9))
  expect(stateAfter('A-1.3.4', [solved, gap])).toBe('at-risk')
  const mended = (other: typeof step | 'top-manager') =>
    said(incident.SuperiorGapMended, { step: other }, ago(8))
  expect(stateAfter('A-1.3.4', [solved, gap, mended('top-manager')])).toBe('at-risk')
  expect(stateAfter('A-1.3.4', [solved, gap, mended(step)])).toBe('kept')
})

test('[A-1.3.4] turned: tickets are opened and none was ever solved', () => {
  expect(stateAfter('A-1.3.4', [said(incident.TicketOpened)])).toBe('stale')
})

test('[A-5.2.2] turned: nobody takes it in time', () => {
  expect(stateAfter('A-5.2.2', [taken, late('acknowledge')])).toBe('broken')
})

test('[A-5.2.2] turned: one was taken late in the last month', () => {
  expect(stateAfter('A-5.2.2', [taken, takenLate])).toBe('at-risk')
})

test('[A-5.2.3] turned: it is not restored in time', () => {
  expect(stateAfter('A-5.2.3', [taken, solved, late('restore')])).toBe('broken')
})

test('[A-5.2.3] turned: it is not finally solved in time', () => {
  expect(stateAfter('A-5.2.3', [taken, solved, late('final')])).toBe('broken')
})

test('[A-5.2.3] turned: one was restored late in the last month', () => {
  expect(stateAfter('A-5.2.3', [taken, solved, solvedLate])).toBe('at-risk')
})

test('[A-5.2.3] turned: it was taken in time and nothing was ever solved so', () => {
  expect(stateAfter('A-5.2.3', [taken])).toBe('stale')
})

test('[A-5.2.3] turned: a deadline is provisional for want of a year of holidays', () => {
  expect(
    stateAfter('A-5.2.3', [taken, solved, said(incident.CalendarYearMissing, { year: 2027 })]),
  ).toBe('at-risk')
})

test('[A-5.2.3] kept: the missing year was loaded, and no other is missing', () => {
  const missing = (year: number) => said(incident.CalendarYearMissing, { year }, -2 * HOUR)
  const loaded = said(incident.HolidayYearLoaded, { year: 2027 })
  expect(stateAfter('A-5.2.3', [taken, solved, missing(2027), loaded])).toBe('kept')
  expect(stateAfter('A-5.2.3', [taken, solved, missing(2028), loaded])).toBe('at-risk')
})

test('[A-5.2.5] turned: no note is written in time', () => {
  expect(stateAfter('A-5.2.5', [noted, delivered, late('progress-note')])).toBe('broken')
})

test('[A-5.2.5] turned: notes are written and none arrived, though other messages do', () => {
  expect(
    stateAfter('A-5.2.5', [
      noted,
      said(incident.NotificationDelivered, { ...of, occasion: 'opened' }),
    ]),
  ).toBe('stale')
})

test('[A-5.2.5] turned: a note could not be delivered', () => {
  expect(stateAfter('A-5.2.5', [noted, delivered, undelivered])).toBe('broken')
})

test('[B-4.0] turned: it overstays its tier', () => {
  expect(stateAfter('B-4.0', [confirmed, closed, late('tier', 10)])).toBe('broken')
})

test('[B-4.0] turned: tickets close and no user ever confirmed one', () => {
  expect(stateAfter('B-4.0', [closed])).toBe('stale')
})

test('[B-4.0] turned: the user is silent and nobody of the unit answers', () => {
  expect(
    stateAfter('B-4.0', [confirmed, closed, said(incident.TicketUserSilent, other, ago(5))]),
  ).toBe('at-risk')
})

test('[B-4.0] turned: an unrestored P1 finds no superior of its step', () => {
  expect(stateAfter('B-4.0', [confirmed, closed, noSuperior])).toBe('at-risk')
})

test('[B-4.1.3] turned: nobody takes it in time', () => {
  expect(stateAfter('B-4.1.3', [taken, late('acknowledge')])).toBe('broken')
})

test('[B-4.1.4] turned: it is held on tier 1 past its clock', () => {
  expect(stateAfter('B-4.1.4', [said(incident.TicketEscalated, other), late('tier')])).toBe(
    'broken',
  )
})

test('[A-1.3.4] kept again: somebody took the ticket that had lost its owner', () => {
  const again = said(incident.TicketAcknowledged, { ...of, tier: 'L2', withinTarget: true }, ago(1))
  expect(stateAfter('A-1.3.4', [taken, solved, released, again])).toBe('kept')
})

test('[A-5.2.3] kept again: what was late is a month past', () => {
  expect(stateAfter('A-5.2.3', [taken, solved, solvedLate], 31 * DAY)).toBe('kept')
})

const unitId = '0d6bfa62-50ec-43e8-bad0-7642874def76'
const inUnit = { unitId, tier: 'L1' } as const
const ofCompany = { unitId: null, tier: 'L2' } as const
const it = { kind: 'IT', moduleCode: null } as const
const ledger = { kind: 'MODULE', moduleCode: 'GL' } as const

type Duty = Partial<Static<typeof incident.KeyUserGapFound.payload>>
const named = (duty: Duty) => said(incident.KeyUserNominated, duty, ago(50))
const gap = (duty: Duty) => said(incident.KeyUserGapFound, duty, ago(40))
const mended = (duty: Duty) => said(incident.KeyUserGapMended, duty, ago(30))
/** Somebody is named for the duty, and others are mended: another module, another unit. */
const notMended = (duty: Duty) => [
  named(duty),
  gap(duty),
  mended({ ...duty, kind: 'MODULE', moduleCode: 'AP' }),
  mended({ ...duty, unitId: '0d6bfa62-50ec-43e8-bad0-7642874def77' }),
]

test('[B-4.1.1] kept: somebody who can is named and no gap is open', () => {
  const duty = { ...inUnit, ...it }
  expect(stateAfter('B-4.1.1', [gap(duty), mended(duty), named(duty)])).toBe('kept')
})

test('[B-4.1.1] turned: a gap is on the list, whoever is named and whatever else is filled', () => {
  expect(stateAfter('B-4.1.1', notMended({ ...inUnit, ...it }))).toBe('broken')
  expect(stateAfter('B-4.1.1', [])).toBe('stale')
})

test('[B-4.1.2] kept: somebody who can is named and no gap is open', () => {
  const duty = { ...inUnit, ...ledger }
  expect(stateAfter('B-4.1.2', [gap(duty), mended(duty), named(duty)])).toBe('kept')
})

test('[B-4.1.2] turned: a gap is on the list, whoever is named and whatever else is filled', () => {
  expect(stateAfter('B-4.1.2', notMended({ ...inUnit, ...ledger }))).toBe('broken')
  expect(stateAfter('B-4.1.2', [])).toBe('stale')
})

test('[B-4.2.1] kept: somebody who can is named and no gap is open', () => {
  const duty = { ...ofCompany, ...it }
  expect(stateAfter('B-4.2.1', [gap(duty), mended(duty), named(duty)])).toBe('kept')
})

test('[B-4.2.1] turned: a gap is on the list, whoever is named and whatever else is filled', () => {
  expect(stateAfter('B-4.2.1', notMended({ ...ofCompany, ...it }))).toBe('broken')
  expect(stateAfter('B-4.2.1', [])).toBe('stale')
})

test('[B-4.2.2] kept: somebody who can is named and no gap is open', () => {
  const duty = { ...ofCompany, ...ledger }
  expect(stateAfter('B-4.2.2', [gap(duty), mended(duty), named(duty)])).toBe('kept')
})

test('[B-4.2.2] turned: a gap is on the list, whoever is named and whatever else is filled', () => {
  expect(stateAfter('B-4.2.2', notMended({ ...ofCompany, ...ledger }))).toBe('broken')
  expect(stateAfter('B-4.2.2', [])).toBe('stale')
})

test('[B-7.3.2] kept: somebody who can is named and no gap is open', () => {
  const duty = { ...inUnit, ...ledger }
  expect(stateAfter('B-7.3.2', [gap(duty), mended(duty), named(duty)])).toBe('kept')
})

test('[B-7.3.2] turned: a gap is on the list, whoever is named and whatever else is filled', () => {
  expect(stateAfter('B-7.3.2', notMended({ ...inUnit, ...ledger }))).toBe('broken')
  expect(stateAfter('B-7.3.2', [])).toBe('stale')
})
