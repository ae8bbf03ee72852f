import { memoryKeys } from '../memory/keys.ts'
import { describeKeys } from './keys.ts'

describeKeys('in memory', memoryKeys(), memoryKeys('another'))
