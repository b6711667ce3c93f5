/* The least that a message to many costs: waits for CLIENTS connections, then sends BYTES to each, one send after the
 * other, every EVERY microseconds, until it is stopped; what it missed while it stood still is not made up for. For
 * rows B1, B11 and B12.
 *
 *   one_send PORT CLIENTS BYTES EVERY [ADDRESS]      loopback's where none is given
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

enum { SECOND = 1000000000 };

int main(int argc, char **argv) {
    if (argc != 5 && argc != 6) return fprintf(stderr, "one_send PORT CLIENTS BYTES EVERY [ADDRESS]\n"), 2;
    int clients = atoi(argv[2]), bytes = atoi(argv[3]), yes = 1;
    int *sockets = calloc(clients, sizeof *sockets);
    char *message = calloc(bytes, 1);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]))};
    address.sin_addr.s_addr = argc == 6 ? inet_addr(argv[5]) : htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (!sockets || !message || bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 1024))
        return perror("listen"), 1;
    for (int n = 0; n < clients; n++) {
        if ((sockets[n] = accept(listener, NULL, NULL)) < 0) return perror("accept"), 1;
        setsockopt(sockets[n], IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    }
    struct timespec next, now;
    clock_gettime(CLOCK_MONOTONIC, &next);
    for (;;) {
        next.tv_nsec += 1000l * atoi(argv[4]);
        for (; next.tv_nsec >= SECOND; next.tv_nsec -= SECOND) next.tv_sec++;
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (now.tv_sec - next.tv_sec > 1) next = now;
        for (int n = 0; n < clients; n++)
            if (send(sockets[n], message, bytes, MSG_NOSIGNAL | MSG_DONTWAIT) != bytes) return perror("send"), 1;
    }
}
