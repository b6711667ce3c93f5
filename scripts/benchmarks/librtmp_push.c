/* Pushes an FLV file with librtmp, as apps on that library do.
 * Usage: librtmp_push FILE URL CHUNK_SIZE PACED(0|1)
 * A chunk size of 128 is what the protocol starts with and LFLiveKit keeps; 4096 is what OBS announces. */
#include <librtmp/log.h>
#include <librtmp/rtmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void announce_chunk_size(RTMP *rtmp, int size)
{
    char buffer[RTMP_MAX_HEADER_SIZE + 4];
    RTMPPacket packet = { 0 };

    packet.m_nChannel = 2;
    packet.m_headerType = RTMP_PACKET_SIZE_LARGE;
    packet.m_packetType = RTMP_PACKET_TYPE_CHUNK_SIZE;
    packet.m_body = buffer + RTMP_MAX_HEADER_SIZE;
    packet.m_nBodySize = 4;
    AMF_EncodeInt32(packet.m_body, packet.m_body + 4, size);
    RTMP_SendPacket(rtmp, &packet, FALSE);
    rtmp->m_outChunkSize = size;
}

static void wait_until(const struct timespec *start, unsigned milliseconds)
{
    struct timespec due = *start;

    due.tv_sec += milliseconds / 1000;
    due.tv_nsec += milliseconds % 1000 * 1000000L;
    if (due.tv_nsec >= 1000000000L) {
        due.tv_nsec -= 1000000000L;
        due.tv_sec += 1;
    }
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
}

int main(int argc, char **argv)
{
    static char tag[1 << 22];
    struct timespec start;
    FILE *file;
    RTMP *rtmp;

    if (argc != 5 || !(file = fopen(argv[1], "rb")))
        return 2;
    RTMP_LogSetLevel(RTMP_LOGERROR);
    rtmp = RTMP_Alloc();
    RTMP_Init(rtmp);
    if (!RTMP_SetupURL(rtmp, argv[2]))
        return 2;
    RTMP_EnableWrite(rtmp);
    if (!RTMP_Connect(rtmp, NULL) || !RTMP_ConnectStream(rtmp, 0))
        return 3;
    if (atoi(argv[3]) != rtmp->m_outChunkSize)
        announce_chunk_size(rtmp, atoi(argv[3]));

    clock_gettime(CLOCK_MONOTONIC, &start);
    fseek(file, 13, SEEK_SET);
    while (fread(tag, 1, 11, file) == 11) {
        const unsigned char *head = (const unsigned char *)tag;
        size_t size = (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
        unsigned time = (unsigned)head[7] << 24 | (unsigned)head[4] << 16 | (unsigned)head[5] << 8 | head[6];

        if (size + 15 > sizeof tag || fread(tag + 11, 1, size + 4, file) != size + 4)
            break;
        if (atoi(argv[4]))
            wait_until(&start, time);
        if (RTMP_Write(rtmp, tag, (int)(size + 15)) <= 0)
            return 4;
    }
    RTMP_Close(rtmp);
    RTMP_Free(rtmp);
    return 0;
}
