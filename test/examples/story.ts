import { access } from './access.ts'
import { accountFindings } from './account-findings.ts'
import { assessment } from './assessment.ts'
import { backup } from './backup.ts'
import { cases } from './cases.ts'
import { changes } from './changes.ts'
import { Company } from './company.ts'
import { directory } from './directory.ts'
import { duties } from './duties.ts'
import { evidence } from './evidence.ts'
import { frontEnd } from './front-end.ts'
import { monitoring } from './monitoring.ts'
import { organise } from './organisation.ts'
import { people, retryPlan } from './people.ts'
import { Play, type ApiDocument, type Examples } from './play.ts'
import { reviews } from './reviews.ts'
import { openStage } from './stage.ts'
import { support } from './support.ts'
import { twoPersons } from './two-persons.ts'

/** When the story begins: a Monday morning, 08:30 in China. */
const BEGINNING = new Date('2026-03-02T00:30:00.000Z')

/**
 * Plays the life of one small company, 华东制造, from the first sign-in on. Answers what every request and answer of it
 * looked like, by service.
 */
export async function tellStory(): Promise<{ examples: Examples; document: ApiDocument }> {
  const stage = await openStage(BEGINNING)
  try {
    const response = await fetch(`${stage.url}/openapi.json`)
    const document = (await response.json()) as ApiDocument
    const play = new Play(stage, document)
    const company = new Company(play)
    await organise(company)
    await people(company)
    await frontEnd(company)
    await twoPersons(company)
    await support(company)
    await monitoring(company)
    await backup(company)
    await changes(company)
    await retryPlan(company)
    await assessment(company)
    await access(company)
    await duties(company)
    await reviews(company)
    await accountFindings(company)
    await directory(company)
    await evidence(company)
    await cases(company)
    return { examples: play.examples, document }
  } finally {
    await stage.close()
  }
}
