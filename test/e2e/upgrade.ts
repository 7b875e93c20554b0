import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AgentHost } from './agent-host.ts'
import type { Answer } from './caller.ts'
import { eventually, expectThat, text, type Company, type Part, type Step } from './company.ts'

const SYSTEM = 'EBS-PROD'
const HOUR_MS = 3_600_000

/** An upgrade that may not start without a fresh backup, the backup, a restore of it, and a damaged copy. */
export class Upgrade {
  readonly #company: Company
  readonly #host: AgentHost
  changeId = ''
  targetId = ''
  runId = ''
  copyId = ''
  planId = ''

  constructor(company: Company, host: AgentHost) {
    this.#company = company
    this.#host = host
  }

  get steps(): readonly Step[] {
    return [
      [
        'stores, a target and its policy are registered; the agent presents itself',
        () => this.prepare(),
      ],
      [
        'an upgrade is asked for; approving the own change is refused; two others approve',
        () => this.approve(),
      ],
      ['it asks to start and is held: there is no fresh backup', () => this.held()],
      [
        'the agent backs up, reads back, copies to the other site; digests agree',
        () => this.backUp(),
      ],
      ['the gate opens; the change runs and is reviewed', () => this.run()],
      [
        'a restore is planned; approving the own plan is refused; another approves',
        () => this.planRestore(),
      ],
      [
        'the agent restores into a scratch place, compares, and there is a receipt',
        () => this.restore(),
      ],
      [
        'a byte of the stored copy is flipped: found, named, and the gate closes',
        () => this.damage(),
      ],
    ]
  }

  async prepare(): Promise<void> {
    const company = this.#company
    for (const part of ['owner', 'authority', 'deputy', 'provider'] as const)
      await company.signIn(part)
    for (const [code, isOffsite] of [
      ['PRIMARY', false],
      ['OFFSITE', true],
    ] as const)
      await company.must('SYSADM', 'POST', '/v1/backup-sites', {
        key: company.key(`site-${code}`),
        body: {
          code,
          name: `Store ${code}`,
          location: 'Machine room',
          building: isOffsite ? 'Second building' : 'Main building',
          medium: 'disk',
          isOffsite,
          isEncrypted: true,
          custodianPersonId: null,
        },
      })
    // A second person has looked where they stand.
    for (const code of ['PRIMARY', 'OFFSITE'])
      await this.#decide(
        `/v1/backup-sites/${code}`,
        'confirm',
        undefined,
        ({ confirmedAt }) => confirmedAt !== null,
      )
    const agent = company.client('BACKUP_AGENT')
    this.#host.start(company.api.url, agent)
    // The directory reaches backup-orchestration by event.
    const registration = await eventually(() =>
      company.must('SYSADM', 'POST', '/v1/backup-targets', {
        key: company.key('target'),
        body: {
          code: 'PROD-APPS',
          name: 'Application tier of PROD',
          systemCode: SYSTEM,
          unitId: company.unit('U1'),
          agentId: agent.id,
          source: { executor: 'filesystem', path: this.#host.source, exclude: [] },
          keyId: this.#host.keyId,
          requiredBeforeChange: true,
        },
      }),
    )
    this.targetId = (registration.body.body as { targetId: string }).targetId
    await this.#approveProposals('backup-target.register')
    const policy = await company.as('SYSADM', 'PUT', `/v1/backup-targets/${this.targetId}/policy`, {
      ifMatch: '"0"',
      body: {
        schedule: '0 1 * * SUN',
        rpo: 'P8D',
        startWithin: 'PT1H',
        keepDays: 35,
        primarySite: 'PRIMARY',
        offsiteSite: 'OFFSITE',
      },
    })
    // 409 and 412: the first answer was lost with a killed product, before or after the approval.
    expectThat([202, 409, 412].includes(policy.status), `policy: ${JSON.stringify(policy.body)}`)
    await this.#approveProposals('backup-policy.set')
    await eventually(async () => {
      const agents = await company.must('SYSADM', 'GET', '/v1/backup-agents')
      expectThat(
        (agents.body.items as { id: string }[]).some(({ id }) => id === agent.id),
        'the agent is known',
      )
    })
  }

  async approve(): Promise<void> {
    const company = this.#company
    const unitId = company.unit('U1')
    // The play is played at any hour of any day of the month.
    const wholeWeek = ['MON 00:00-SUN 24:00']
    await company.parameter('incident-tiering', 'incident.change.windows', wholeWeek)
    await company.parameter('incident-tiering', 'incident.change.major_windows', wholeWeek)
    await company.parameter('incident-tiering', 'incident.change.freeze.before_month_end', 0)
    await company.parameter('incident-tiering', 'incident.change.freeze.after_month_start', 0)
    const now = Date.now()
    const submitted = await company.must(company.member('deputy').userName, 'POST', '/v1/changes', {
      key: company.key('change'),
      body: {
        kind: 'upgrade',
        class: 'major',
        title: 'AD and TXK delta 16',
        description: 'Technology stack upgrade.',
        unitId,
        moduleCode: 'GL',
        systemCode: SYSTEM,
        plannedStart: new Date(now).toISOString(),
        plannedEnd: new Date(now + 4 * HOUR_MS).toISOString(),
        implementationPlan: 'adop prepare, apply, finalize, cutover, cleanup.',
        rollbackPlan: 'adop abort before cutover; restore afterwards.',
        rollbackOwnerPersonId: company.member('authority').id,
        testEvidence: 'TEST-4711, signed by the key users of GL.',
        riskAssessment: 'One hour of downtime at cutover.',
        executorPersonId: company.member('provider').id,
      },
    })
    this.changeId = text(submitted, 'id')
    const own = await this.#approveOnce('deputy', 'company')
    expectThat(own.body.code === 'same-person', `own change: ${JSON.stringify(own)}`)
    await this.#approved(
      'owner',
      'unit',
      ({ unitApproverPersonId }) => unitApproverPersonId !== null,
    )
    const twice = await this.#approveOnce('owner', 'company')
    expectThat([403, 409].includes(twice.status), `both stages: ${JSON.stringify(twice)}`)
    await this.#approved('authority', 'company', ({ state }) => state !== 'submitted')
  }

  async #approveOnce(part: Part, stage: 'unit' | 'company'): Promise<Answer> {
    const { userName } = this.#company.member(part)
    const { etag } = await this.#company.must(userName, 'GET', `/v1/changes/${this.changeId}`)
    return this.#company.as(userName, 'POST', `/v1/changes/${this.changeId}/approve`, {
      ifMatch: etag,
      body: { stage, comment: null },
    })
  }

  async #approved(part: Part, stage: string, done: (change: Record<string, unknown>) => boolean) {
    await this.#onChange(part, 'approve', { stage, comment: 'Agreed.' }, done)
  }

  async #onChange(
    part: Part,
    verb: string,
    body: object | undefined,
    done: (change: Record<string, unknown>) => boolean,
  ): Promise<Answer> {
    const token = await this.#company.freshToken(this.#company.member(part).userName)
    const resource = `/v1/changes/${this.changeId}`
    const ask = body === undefined ? { token } : { token, body }
    return this.#company.api.change('POST', resource, `${resource}/${verb}`, ask, done)
  }

  /** What waits for a second person of this kind; a killed product may have lost the answer that named it. */
  async #approveProposals(kind: string): Promise<void> {
    const proposals = '/v1/proposals/backup-orchestration'
    const waiting = await this.#company.must('SYSADM', 'GET', `${proposals}?kind=${kind}`)
    for (const { id } of waiting.body.items as { id: string }[])
      await this.#decide(`${proposals}/${id}`, 'approve', {}, ({ state }) => state !== 'pending')
  }

  /** Lets the O&M authority decide as the second person. */
  async #decide(
    resource: string,
    verb: string,
    body: object | undefined,
    done: (current: Record<string, unknown>) => boolean,
  ): Promise<void> {
    const token = await this.#company.freshToken(this.#company.member('authority').userName)
    const ask = body === undefined ? { token } : { token, body }
    await this.#company.api.change('POST', resource, `${resource}/${verb}`, ask, done)
  }

  #change(): Promise<Answer> {
    return this.#company.must(
      this.#company.member('provider').userName,
      'GET',
      `/v1/changes/${this.changeId}`,
    )
  }

  async held(): Promise<void> {
    await this.#onChange('provider', 'start', undefined, ({ state }) =>
      ['asking', 'held'].includes(String(state)),
    )
    await eventually(async () => {
      const { body } = await this.#change()
      expectThat(body.state === 'held', `held: ${JSON.stringify(body)}`)
    })
    const gate = await this.#gate()
    expectThat(gate.body.isOpen === false, 'the gate is closed')
    expectThat((gate.body.reasons as string[]).length > 0, 'and says why')
  }

  #gate(): Promise<Answer> {
    return this.#company.must(
      this.#company.member('provider').userName,
      'GET',
      `/v1/backup-gates/${SYSTEM}`,
    )
  }

  async backUp(): Promise<void> {
    const provider = this.#company.member('provider').userName
    const asked = await this.#company.must(provider, 'POST', '/v1/backup-runs', {
      key: this.#company.key('backup'),
      body: { targetId: this.targetId, reason: 'Before the upgrade.' },
    })
    this.runId = text(asked, 'id')
    await eventually(async () => {
      const run = await this.#company.must(provider, 'GET', `/v1/backup-runs/${this.runId}`)
      expectThat(run.body.state === 'succeeded', `run: ${JSON.stringify(run.body)}`)
      const copies = run.body.copies as {
        id: string
        siteCode: string
        state: string
        digest: string
      }[]
      const primary = copies.find(({ siteCode }) => siteCode === 'PRIMARY')
      const offsite = copies.find(({ siteCode }) => siteCode === 'OFFSITE')
      expectThat(primary?.state === 'good', `the primary copy: ${JSON.stringify(copies)}`)
      expectThat(offsite?.state === 'good', `the offsite copy: ${JSON.stringify(copies)}`)
      expectThat(primary.digest === offsite.digest, 'both are the same bytes')
      this.copyId = primary.id
    })
  }

  async run(): Promise<void> {
    const gate = await this.#gate()
    expectThat(gate.body.isOpen === true, `the gate is open: ${JSON.stringify(gate.body)}`)
    // A product that was away answers too late, and the change is held again: its executor simply asks again.
    await eventually(async () => {
      await this.#onChange('provider', 'start', undefined, ({ state }) =>
        ['asking', 'started', 'finished', 'closed'].includes(String(state)),
      )
      const { body } = await this.#change()
      expectThat(body.state === 'started', `started: ${JSON.stringify(body)}`)
    })
    await this.#onChange(
      'provider',
      'finish',
      { outcome: 'deployed', result: 'All phases done.' },
      ({ state }) => ['finished', 'closed'].includes(String(state)),
    )
    await this.#onChange(
      'owner',
      'review',
      { isSuccessful: true, findings: 'No complaint of the users.' },
      ({ state }) => state === 'closed',
    )
  }

  async planRestore(): Promise<void> {
    const company = this.#company
    const planner = company.member('authority').userName
    const planned = await company.must(planner, 'POST', '/v1/restore-plans', {
      key: company.key('restore'),
      body: {
        copyId: this.copyId,
        purpose: 'Quarterly restore test.',
        kind: 'drill',
        incidentNumber: null,
        steps: ['Restore into the scratch place.', 'Compare every file.', 'Remove it.'],
        checkPoints: ['The list of files is identical.'],
        fallback: 'Nothing is replaced: the scratch place is removed.',
        peopleInvolved: ['Person E0008'],
        plannedFor: new Date().toISOString(),
      },
    })
    this.planId = text(planned, 'id')
    const path = `/v1/restore-plans/${this.planId}`
    const { etag, body } = await company.must(planner, 'GET', path)
    const own = await company.as(planner, 'POST', `${path}/approve`, {
      ifMatch: etag,
      body: { planDigest: body.planDigest, comment: null },
    })
    expectThat(own.body.code === 'same-person', `own plan: ${JSON.stringify(own)}`)
    const early = await company.as(company.member('provider').userName, 'POST', `${path}/execute`, {
      ifMatch: etag,
    })
    expectThat(early.status === 409, `nor executes it before: ${early.status}`)
    await this.#onPlan(
      'owner',
      'approve',
      { planDigest: body.planDigest, comment: 'Agreed.' },
      ({ state }) => state !== 'planned',
    )
  }

  async #onPlan(
    part: Part,
    verb: string,
    body: object | undefined,
    done: (plan: Record<string, unknown>) => boolean,
  ): Promise<void> {
    const token = await this.#company.freshToken(this.#company.member(part).userName)
    const resource = `/v1/restore-plans/${this.planId}`
    const ask = body === undefined ? { token } : { token, body }
    await this.#company.api.change('POST', resource, `${resource}/${verb}`, ask, done)
  }

  async restore(): Promise<void> {
    await this.#onPlan('provider', 'execute', undefined, ({ state }) => state !== 'approved')
    const provider = this.#company.member('provider').userName
    const path = `/v1/restore-plans/${this.planId}`
    await eventually(async () => {
      const plan = await this.#company.must(provider, 'GET', path)
      expectThat(plan.body.state === 'finished', `plan: ${JSON.stringify(plan.body)}`)
      expectThat(plan.body.outcome === 'identical', `plan: ${JSON.stringify(plan.body)}`)
    })
    const receipt = await this.#company.must(provider, 'GET', `${path}/receipt`)
    expectThat(/^[0-9a-f]{64}$/.test(text(receipt, 'digest')), 'the receipt has a digest')
  }

  async damage(): Promise<void> {
    const provider = this.#company.member('provider').userName
    const path = `/v1/backup-copies/${this.copyId}`
    const copy = await this.#company.must(provider, 'GET', path)
    const file = join(this.#host.stores.PRIMARY, text(copy, 'objectName'))
    const bytes = readFileSync(file)
    const middle = bytes.length >> 1
    bytes[middle] = (bytes[middle] ?? 0) ^ 1
    writeFileSync(file, bytes)
    const asked = await this.#company.as(provider, 'POST', `${path}/verify`)
    // 409: the first answer was lost, and the damage is found already.
    expectThat([202, 409].includes(asked.status), `verify: ${JSON.stringify(asked.body)}`)
    await eventually(async () => {
      const found = await this.#company.must(provider, 'GET', path)
      expectThat(found.body.state === 'damaged', `copy: ${JSON.stringify(found.body)}`)
      expectThat(/frame \d+/.test(text(found, 'finding')), `named: ${JSON.stringify(found.body)}`)
    })
    const gate = await this.#gate()
    expectThat(gate.body.isOpen === false, `the gate is closed: ${JSON.stringify(gate.body)}`)
  }
}
