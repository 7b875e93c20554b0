import { jest } from '@jest/globals'
import { eventually } from '@erp-steward/test-kit/eventually'
import type { Answer, Ask } from './caller.ts'
import { Company, expectThat, type Part } from './company.ts'
import type { Site } from './site.ts'
import { standaloneSite } from './standalone-site.ts'

// What waits for the next minute takes longer than a test is given by itself.
jest.setTimeout(240_000)

/** For what comes by event or with the next minute, in milliseconds; a busy machine may take its time. */
export const PATIENT = { within: 180_000 }

/**
 * A site with its people, at which one person tries alone what takes two, through the gateway with ordinary rights. The
 * services' own tests try the neighbours of each case; here it is seen that nothing between the door and the tables lets
 * the case itself by.
 */
export class AttackStage {
  readonly site: Site
  readonly company: Company

  constructor(site: Site, company: Company) {
    this.site = site
    this.company = company
  }

  /** Calls as the person with a part. */
  by(part: Part, method: string, path: string, ask?: Omit<Ask, 'token'>): Promise<Answer> {
    return this.company.as(this.company.member(part).userName, method, path, ask)
  }

  /** Changes a resource as the person with a part, under the version that this person or `reader` reads. */
  async step(
    part: Part,
    path: string,
    verb: string,
    body?: unknown,
    reader = part,
  ): Promise<Answer> {
    const { etag } = await this.by(reader, 'GET', path)
    return this.by(part, 'POST', `${path}/${verb}`, {
      ifMatch: etag,
      ...(body !== undefined && { body }),
    })
  }

  /** What the register says of a clause, as the audit administrator reads it. */
  async control(clauseId: string): Promise<Answer['body']> {
    return (await this.company.must('AUDADM', 'GET', `/v1/controls/${clauseId}`)).body
  }

  /** Names a key user once the directory has reached the service. */
  async nominate(name: string, duty: object): Promise<void> {
    await eventually(async () => {
      const named = await this.by('authority', 'POST', '/v1/key-users', {
        key: this.company.key(name),
        body: duty,
      })
      expectThat(named.status === 201, `nominated: ${JSON.stringify(named.body)}`)
    }, PATIENT)
  }

  /** The duty of a person for the general ledger: of the unit U1, or of the company. */
  duty(part: Part, tier: 'L1' | 'L2') {
    return {
      ...{ personId: this.company.member(part).id, tier, kind: 'MODULE', moduleCode: 'GL' },
      unitId: tier === 'L1' ? this.company.unit('U1') : null,
    }
  }
}

/**
 * Opens a site of its own, with ten people of whom these have signed in, and a key user of each of the first two tiers.
 *
 * @param whileUnnamed runs while the administrators have signed in and belong to nobody yet
 */
export async function openAttackStage(
  parts: readonly Part[],
  whileUnnamed?: (stage: AttackStage) => Promise<void>,
): Promise<AttackStage> {
  const site = await standaloneSite({})
  const company = new Company(site.gatewayUrl, site.passwordFile, 10)
  const stage = new AttackStage(site, company)
  try {
    await company.administratorsSignIn()
    await whileUnnamed?.(stage)
    await company.nameAdministrators()
    await company.organise()
    await company.admitClients()
    await company.hire()
    for (const part of parts) await company.signIn(part)
    await stage.nominate('duty-L1', stage.duty('keyUser', 'L1'))
    await stage.nominate('duty-L2', stage.duty('expert', 'L2'))
    return stage
  } catch (error) {
    await site.stop()
    throw error
  }
}

/** Status and problem code, which together say why something was refused. */
export const outcome = ({ status, body }: Answer) => [status, body.code]
