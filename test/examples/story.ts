import { Company } from './company.ts'
import { organise } from './organisation.ts'
import { Play, type ApiDocument, type Examples } from './play.ts'
import { openStage } from './stage.ts'

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
    return { examples: play.examples, document }
  } finally {
    await stage.close()
  }
}
