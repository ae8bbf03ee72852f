import { z } from 'zod'
import { about } from '../about.ts'

export const mockSchema = z
  .strictObject({})
  .meta(about('The provider for trials: grants in the database, no cloud.', '{}'))
