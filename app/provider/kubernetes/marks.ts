import type { Intent } from '../../grant/intent.ts'
import { cloudName, parseRequestId } from '../../request/id.ts'
import type { RequestId } from '../../request/request.ts'
import { base32 } from '../mark.ts'
import { annotations, labels, type Metadata } from './binding.ts'

/** What an installation's objects are named and labelled, so that it knows them again, and a person whose they are. */
export const createMarks = (instance: string) => {
  const mark = base32(instance)
  const prefix = `gitsudo-${mark}-`
  const nameOf = ({ grant }: Intent): string => `${prefix}${cloudName(grant)}`
  return {
    nameOf,
    metadataOf: (intent: Intent) => ({
      name: nameOf(intent),
      labels: { [labels.instance]: mark, [labels.request]: cloudName(intent.grant) },
      annotations: {
        [annotations.expiresAt]: new Date(intent.endsAt).toISOString(),
        [annotations.user]: intent.requester.login,
      },
    }),
    /** The grant of an object of ours, by its name: labels can be taken off, and put on by others. */
    grantOf: ({ name = '' }: Metadata): RequestId | undefined =>
      name.startsWith(prefix) ? parseRequestId(name.slice(prefix.length)) : undefined,
  }
}
