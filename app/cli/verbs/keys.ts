import { Failure } from '../failure.ts'
import { said } from '../terminal/said.ts'
import type { Verb } from '../verb.ts'
import { configFile, configOf } from './config-file.ts'

export const serverKey: Verb = {
  name: 'server key',
  summary: 'Print the public keys that checkpoints are verified with, the one in use first',
  options: [configFile],
  remote: false,
  json: false,
  async run(deps, args) {
    for (const key of await deps.publicKeys(configOf(args))) deps.out.write(said`${key}\n`)
    return 0
  },
}

export const serverRotateKey: Verb = {
  name: 'server rotate-key',
  summary: 'Make a new signing key, to be listed before the old one in the configuration',
  options: [configFile],
  remote: false,
  json: false,
  async run(deps, args) {
    const { file, publicKey, files } = await deps.rotateKey(configOf(args))
    const [, old, ...older] = files
    deps.out.write(
      [
        said`made ${file}`,
        said`its public key: ${publicKey}`,
        'Now, one after the other, each on every replica before the next:',
        said`1. keys: {signing_files: ${list([old ?? '', file, ...older])}}, and start anew: all know the new key`,
        said`2. keys: {signing_files: ${list(files)}}, and start anew: the new key signs, the old one still verifies`,
        '3. when an anchor has been made since step 2, and no grant of before is left: take the old one out',
        '',
      ].join('\n'),
    )
    return 0
  },
}

export const serverAcknowledgeRestore: Verb = {
  name: 'server acknowledge-restore',
  summary: 'Say on the record that a restored backup lacks what was anchored, so that access is given again',
  options: [configFile],
  remote: false,
  json: false,
  async run(deps, args) {
    const lost = await deps.acknowledgeRestore(configOf(args))
    if (lost === undefined)
      throw new Failure('refused', 'There is nothing to acknowledge: the ledger holds what was anchored.')
    deps.out.write(
      `Acknowledged: the newest anchor holds ${lost} events, and not all of them are here. Access is given again.\n`,
    )
    return 0
  },
}

const list = (files: readonly string[]): string => `[${files.join(', ')}]`
