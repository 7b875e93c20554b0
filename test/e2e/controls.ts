import { eventually, expectThat, type Company, type Step } from './company.ts'

/** The register of controls at the end of the day. */
export class Controls {
  readonly #company: Company
  readonly #silence: () => Promise<void>

  /** `silence` ends what sends metrics. */
  constructor(company: Company, silence: () => Promise<void>) {
    this.#company = company
    this.#silence = silence
  }

  get steps(): readonly Step[] {
    return [
      ['the register shows which clauses are kept and which are broken', () => this.states()],
      ['the collector of metrics falls silent: its clause is stale, not kept', () => this.silent()],
    ]
  }

  /** State of a clause, as the audit administrator sees it. */
  async stateOf(clauseId: string): Promise<string> {
    const { body } = await this.#company.must('AUDADM', 'GET', `/v1/controls/${clauseId}`)
    return String(body.state)
  }

  async states(): Promise<void> {
    const wanted: Readonly<Record<string, string>> = {
      // A leaver was refused, tickets were answered, the change had its backup and its three people.
      'A-2.1.4': 'kept',
      'A-2.4.7': 'kept',
      'B-4.2.4': 'kept',
      'B-5.6': 'kept',
      'A-3.2.1': 'kept',
      // A stored copy is damaged and nothing has mended it; so the gate before changes is closed.
      'A-2.4.2': 'broken',
      'A-2.4.4': 'at-risk',
      'A-1.1': 'not-applicable',
    }
    await eventually(async () => {
      for (const [clauseId, state] of Object.entries(wanted)) {
        const is = await this.stateOf(clauseId)
        expectThat(is === state, `${clauseId} is ${state}: it is ${is}`)
      }
    })
    const { body } = await this.#company.must('AUDADM', 'GET', '/v1/controls?limit=200')
    expectThat((body.items as unknown[]).length === 150, 'every clause is in the register')
  }

  async silent(): Promise<void> {
    await this.#silence()
    await eventually(async () => {
      const is = await this.stateOf('A-3.2.1')
      expectThat(is === 'stale', `A-3.2.1 is stale: it is ${is}`)
    })
  }
}
