// One project per kind of test: pure ones need no server, so they start at once.
const shared = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
}

export default {
  maxWorkers: 2,
  testTimeout: 30_000,
  projects: ['packages', 'services', 'infra', 'test'].map((folder) => ({
    ...shared,
    displayName: folder,
    rootDir: '.',
    testMatch: [`<rootDir>/${folder}/**/*.test.ts`],
    testPathIgnorePatterns: ['/node_modules/'],
    modulePathIgnorePatterns: ['<rootDir>/.data', '<rootDir>/.cache'],
  })),
}
