import TestSequencer from '@jest/test-sequencer'

/**
 * What takes a minute or more, longest first. Most of that is waiting, for groups that miss a dead member, for clocks and
 * for starts, and the other tests fill it.
 */
const LONGEST = [
  'test/e2e/killed-kafka',
  'test/e2e/killed-local',
  'test/e2e/day-kafka',
  'infra/standalone/test/standalone',
  'infra/standalone/test/ledger',
  'packages/messaging/test/kafka-bus',
  'test/e2e/day-local',
  'infra/standalone/test/kafka',
  'infra/kafka/test/broker',
  'test/contract',
  'test/examples',
  'infra/standalone/test/first-lines',
  'test/e2e/',
]

/**
 * Starts the longest test files first, so that none of them is left alone at the end. Jest knows how long a file took only
 * where it has run before, and takes it for short where the file is.
 */
export default class LongestFirst extends TestSequencer {
  sort(tests) {
    return super.sort(tests).sort((one, other) => placeOf(one) - placeOf(other))
  }
}

function placeOf({ path }) {
  const place = LONGEST.findIndex((start) => path.includes(`/${start}`))
  return place < 0 ? LONGEST.length : place
}
