// Oclgrind 21.10 crashes where two threads queue commands at once, each to a queue and buffer of its own: all commands' events
// are in one map without a lock. OpenCL 1.1 and later lets every call but clSetKernelArg come from any thread.
//
//   cc -o /tmp/threads Tests/Implementations/oclgrind_threads.c -lOpenCL -lpthread && oclgrind /tmp/threads
//
// Ends with SIGSEGV or an abort of malloc there, and well on PoCL.
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <pthread.h>
static cl_context context;
static cl_device_id device;
static void *work(void *unused) {
  char bytes[16];
  cl_command_queue queue = clCreateCommandQueue(context, device, 0, 0);
  cl_mem buffer = clCreateBuffer(context, CL_MEM_READ_WRITE, sizeof bytes, 0, 0);
  for (int i = 0; i < 200000; i++) clEnqueueWriteBuffer(queue, buffer, CL_TRUE, 0, sizeof bytes, bytes, 0, 0, 0);
  return 0;
}
int main(void) {
  cl_platform_id platform;
  pthread_t other;
  clGetPlatformIDs(1, &platform, 0);
  clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &device, 0);
  context = clCreateContext(0, 1, &device, 0, 0, 0);
  pthread_create(&other, 0, work, 0);
  work(0);
  pthread_join(other, 0);
}
