import { createHash } from 'node:crypto'
import { eventually, expectThat, text, type Company, type Step } from './company.ts'

/** The month before now in Shanghai, `2026-10`, and an instant in the middle of it. */
function lastMonth(now: Date): { month: string; middle: string } {
  const shanghai = new Date(now.getTime() + 8 * 3_600_000)
  const first = new Date(Date.UTC(shanghai.getUTCFullYear(), shanghai.getUTCMonth() - 1, 1))
  const month = first.toISOString().slice(0, 7)
  return { month, middle: `${month}-15T02:00:00.000Z` }
}

interface Deduction {
  readonly observationId: string
  readonly eventId: string
  readonly points: number
}

/** The month is scored from what the middleware observed; an appeal takes one fact back. */
export class Month {
  readonly #company: Company
  readonly #instant: string
  readonly #foundAt = new Date().toISOString()
  readonly month: string
  readonly #observations: readonly { id: string; part: 'clerk' | 'keyUser'; severity: string }[]
  sheetId = ''
  #total = 0

  constructor(company: Company) {
    this.#company = company
    const { month, middle } = lastMonth(new Date())
    this.month = month
    this.#instant = middle
    this.#observations = [
      { id: company.uuid('error-1'), part: 'clerk', severity: 'heavy' },
      { id: company.uuid('error-2'), part: 'clerk', severity: 'light' },
      { id: company.uuid('error-3'), part: 'keyUser', severity: 'medium' },
    ]
  }

  get steps(): readonly Step[] {
    return [
      ['the middleware reports data errors and entry counts of last month', () => this.observe()],
      [
        'the month is scored and published; one deduction is opened down to its event',
        () => this.score(),
      ],
      ['an appeal voids the fact and the score follows', () => this.appeal()],
      ['computing again gives the same bytes', () => this.again()],
    ]
  }

  async observe(): Promise<void> {
    const company = this.#company
    await eventually(async () =>
      company.api.must('POST', '/v1/observations', {
        token: await company.clientToken('MIDDLEWARE'),
        key: company.key('observations'),
        body: {
          observations: this.#observations.map(({ id, part, severity }) => ({
            id,
            kind: 'data-error',
            severity,
            personId: company.member(part).id,
            departmentId: null,
            moduleCode: 'GL',
            reference: `JE-${id.slice(0, 8)}`,
            description: 'Wrong account in a posted journal.',
            occurredAt: this.#instant,
            foundAt: this.#foundAt,
          })),
        },
      }),
    )
    await company.api.must('PUT', '/v1/entry-counts', {
      token: await company.clientToken('MIDDLEWARE'),
      body: {
        batchId: company.uuid('entries'),
        month: this.month,
        moduleCode: 'GL',
        counts: [
          { personId: company.member('clerk').id, entries: 100 },
          { personId: company.member('keyUser').id, entries: 1_000 },
        ],
      },
    })
  }

  async score(): Promise<void> {
    const company = this.#company
    const authority = company.member('authority').userName
    const computed = await company.must(authority, 'POST', '/v1/score-sheets', {
      key: company.key('sheet'),
      body: { month: this.month },
    })
    this.sheetId = text(computed, 'id')
    const sheet = `/v1/score-sheets/${this.sheetId}`
    await company.api.change(
      'POST',
      sheet,
      `${sheet}/publish`,
      // Another person than had it computed.
      { token: await company.freshToken(company.member('deputy').userName) },
      ({ state }) => state === 'published',
    )
    const clerk = company.member('clerk').userName
    const { total, deductions } = await this.#scoreOfClerk(this.sheetId)
    this.#total = total
    const heavy = deductions.find(
      ({ observationId }) => observationId === this.#observations[0]?.id,
    )
    expectThat(heavy !== undefined, `the heavy error cost points: ${JSON.stringify(deductions)}`)
    await eventually(async () => {
      const records = await company.must(
        'AUDADM',
        'GET',
        `/v1/audit/records?subject=${heavy.observationId}`,
      )
      const events = (records.body.items as { envelope: string }[]).map(
        ({ envelope }) => (JSON.parse(envelope) as { id: string }).id,
      )
      expectThat(events.includes(heavy.eventId), 'the event of the deduction is in the ledger')
    })
    const foreign = await company.as(clerk, 'GET', `/v1/score-sheets/${this.sheetId}/lines`)
    expectThat(foreign.status === 403, `a clerk does not read the whole sheet: ${foreign.status}`)
  }

  async #scoreOfClerk(sheetId: string): Promise<{ total: number; deductions: Deduction[] }> {
    const company = this.#company
    const { userName, id } = company.member('clerk')
    const scores = await company.must(
      userName,
      'GET',
      `/v1/scores?sheetId=${sheetId}&subjectKind=person`,
    )
    const items = scores.body.items as { id: string; subjectId: string; total: number }[]
    expectThat(items.length === 1 && items[0]?.subjectId === id, 'a clerk sees only the own score')
    const [score] = items
    const opened = await company.must(userName, 'GET', `/v1/scores/${score.id}/deductions`)
    return { total: score.total, deductions: opened.body.items as Deduction[] }
  }

  async appeal(): Promise<void> {
    const company = this.#company
    const [disputed] = this.#observations
    const filed = await company.must(company.member('clerk').userName, 'POST', '/v1/appeals', {
      key: company.key('appeal'),
      body: { observationId: disputed?.id, reason: 'The account was prescribed by the template.' },
    })
    const path = `/v1/appeals/${text(filed, 'id')}`
    const own = await company.as(company.member('clerk').userName, 'POST', `${path}/decide`, {
      ifMatch: (await company.must(company.member('clerk').userName, 'GET', path)).etag,
      body: { outcome: 'voided', reason: 'I say so.' },
    })
    expectThat([403, 409].includes(own.status), `own appeal: ${JSON.stringify(own)}`)
    await company.api.change(
      'POST',
      path,
      `${path}/decide`,
      {
        token: await company.freshToken(company.member('deputy').userName),
        body: { outcome: 'voided', reason: 'The template was wrong.' },
      },
      ({ state }) => state !== 'filed',
    )
    const sheets = await company.must(
      company.member('authority').userName,
      'GET',
      `/v1/score-sheets?month=${this.month}`,
    )
    const [newest] = sheets.body.items as { id: string; revision: number }[]
    expectThat(newest !== undefined && newest.id !== this.sheetId, 'there is a new revision')
    this.sheetId = newest.id
    const { total } = await this.#scoreOfClerk(newest.id)
    expectThat(total > this.#total, `the score rises: ${this.#total} -> ${total}`)
  }

  async again(): Promise<void> {
    const company = this.#company
    const authority = company.member('authority').userName
    const lines = async (sheetId: string) =>
      company.api.raw(`/v1/score-sheets/${sheetId}/lines`, await company.freshToken(authority))
    const before = await lines(this.sheetId)
    const sheet = await company.must(authority, 'GET', `/v1/score-sheets/${this.sheetId}`)
    const digest = createHash('sha256').update(before).digest('hex')
    expectThat(sheet.body.digest === digest, `the digest is that of the lines: ${digest}`)
    const check = await company.must(
      authority,
      'POST',
      `/v1/score-sheets/${this.sheetId}/recompute-check`,
    )
    expectThat(check.body.matches === true, `recomputed: ${JSON.stringify(check.body)}`)
    const next = await company.must(authority, 'POST', '/v1/score-sheets', {
      key: company.key('sheet-again'),
      body: { month: this.month },
    })
    expectThat((await lines(text(next, 'id'))) === before, 'the same facts give the same bytes')
  }
}
