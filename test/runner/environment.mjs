/** The surroundings of a test file: Node itself, where the product runs too. Jest asks for these members. */
export default class NodeItself {
  // What Jest writes upon it is meant for the globals of a context of its own.
  global = {}
  async setup() {}
  async teardown() {}
  getVmContext() {
    return null
  }
}
