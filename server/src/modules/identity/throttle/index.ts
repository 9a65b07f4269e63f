// The door of the throttle module.
export { createThrottle, type Throttle, type ThrottleRule } from './throttle.service.ts'
