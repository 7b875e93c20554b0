import { AgentHost } from './agent-host.ts'
import { eventually, Company, expectThat, type Step } from './company.ts'
import { Controls } from './controls.ts'
import { FirstAlarm, type Receivers } from './first-alarm.ts'
import { Month } from './month.ts'
import { Upgrade } from './upgrade.ts'

/** Where the day is played. */
export interface Place {
  readonly gatewayUrl: string
  /** File with the one-time passwords of the three administrators. */
  readonly passwordFile: string
  readonly receivers: Receivers | null
}

/** One whole working day, played from outside by the operations that every customer has. */
export class Day {
  readonly company: Company
  readonly alarm: FirstAlarm
  readonly upgrade: Upgrade
  readonly month: Month
  readonly host = new AgentHost()
  readonly #controls: Controls

  constructor({ gatewayUrl, passwordFile, receivers }: Place) {
    this.company = new Company(gatewayUrl, passwordFile)
    this.alarm = new FirstAlarm(this.company, receivers)
    this.upgrade = new Upgrade(this.company, this.host)
    this.month = new Month(this.company)
    this.#controls = new Controls(this.company, () => this.alarm.close())
  }

  /** Every step in order. */
  get steps(): readonly Step[] {
    return [
      ...this.alarm.steps,
      ...this.upgrade.steps,
      ...this.month.steps,
      ...this.#controls.steps,
      ['the audit chain verifies', () => this.verifyLedger()],
    ]
  }

  async verifyLedger(): Promise<void> {
    // After a kill the witnesses may have to catch up: the ledger is unproven for that long.
    await eventually(async () => {
      const verdict = await this.company.must('AUDADM', 'POST', '/v1/audit/verifications')
      expectThat(verdict.body.intact === true, `the chain holds: ${JSON.stringify(verdict.body)}`)
    })
  }

  async close(): Promise<void> {
    await this.alarm.close()
    await this.host.stop()
  }
}
